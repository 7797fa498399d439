/** The wire to a thread that may be waiting for its next task (see `Rest`): whatever is sent wakes it. */
import type { Worker } from "node:worker_threads"

import type { Wire } from "@manycore/ipc/bare"
import { workerWire } from "@manycore/ipc/bare/portWire"

import * as Words from "../core/Words.ts"

export const wakingWire = (worker: Worker, words: Int32Array): Wire => {
  const wire = workerWire(worker)
  return {
    ...wire,
    write: (batch, transfer, isText) => {
      const bytes = wire.write(batch, transfer, isText)
      Words.wake(words)
      return bytes
    },
  }
}
