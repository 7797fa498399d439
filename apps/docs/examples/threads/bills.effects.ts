import { ThreadEntry } from "@manycore/threads"
import { Effect } from "effect"

import { Bills, Tenant } from "./context.ts"

// #region effects
const Handlers = Bills.toLayer({
  Bill: Effect.fnUntraced(function* ({ amount }) {
    return `${yield* Tenant} pays ${amount}`
  }),
})

ThreadEntry.run(Bills, Handlers)
// #endregion
