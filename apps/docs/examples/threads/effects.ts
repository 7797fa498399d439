import { ThreadEntry } from "@manycore/threads"
import { Effect, Stream } from "effect"

import { Empty, Words } from "./Words.ts"

// #region effects
const split = (text: string): Array<string> => text.split(/\s+/).filter((word) => word !== "")

const Handlers = Words.toLayer({
  Count: ({ text, title }) => {
    const { length } = split(text)
    return length === 0 ? Effect.fail(new Empty({ title })) : Effect.succeed(length)
  },
  Each: ({ text }) => Stream.fromIterable(split(text)),
  Hang: () => Effect.never,
})

ThreadEntry.run(Words, Handlers)
// #endregion
