import { threadId } from "node:worker_threads"

import { ThreadEntry } from "@manycore/threads"
import { Effect } from "effect"

import { Tasks } from "./Tasks.ts"

ThreadEntry.run(
  Tasks,
  Tasks.toLayer({
    Count: ({ n }) =>
      Effect.sync(() => {
        let counted = 0
        while (counted < n) counted++
        return { counted, threadId }
      }),
  }),
)
