import { Failure, serve } from "@manycore/threads/bare"

import type { Words } from "./Words.ts"

// #region bare
const split = (text: string): Array<string> => text.split(/\s+/).filter((word) => word !== "")

serve<typeof Words>({
  Count: ({ text, title }) => {
    const { length } = split(text)
    if (length === 0) throw new Failure({ _tag: "Empty", title })
    return length
  },
  *Each({ text }) {
    yield* split(text)
  },
  Hang: () => {
    for (;;);
  },
})
// #endregion
