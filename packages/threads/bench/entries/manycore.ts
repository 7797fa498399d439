import { ThreadEntry } from "@manycore/threads"
import { Effect } from "effect"

import { Tasks } from "../Tasks.ts"
import { mix } from "../work.ts"

ThreadEntry.run(
  Tasks,
  Tasks.toLayer({
    Empty: () => Effect.void,
    Mix: ({ seed }) => Effect.sync(() => mix(seed)),
  }),
)
