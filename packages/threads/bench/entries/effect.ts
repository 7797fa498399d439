import { ThreadEntry } from "@manycore/threads"
import { Effect } from "effect"

import { Tasks } from "../Tasks.ts"
import { mix, spin, touch } from "../work.ts"

ThreadEntry.run(
  Tasks,
  Tasks.toLayer({
    empty: () => Effect.void,
    mix: (seed) => Effect.sync(() => mix(seed)),
    spin: () => Effect.sync(spin),
    touch: (bytes) => Effect.sync(() => touch(bytes)),
    move: (bytes) => Effect.sync(() => touch(bytes)),
  }),
)
