import type { Case } from "@manycore/bench"
import { SharedBarrier, SharedCounter, SharedMutex, SharedRing } from "@manycore/threads/shared"

import { makeCase, workOf } from "./work.ts"

export interface Memory {
  readonly counter: SharedCounter.SharedCounter
  readonly mutex: SharedMutex.SharedMutex
  readonly barrier: SharedBarrier.SharedBarrier
  readonly ring: SharedRing.SharedRing
  /** What the lock guards: not atomic. */
  readonly guarded: SharedArrayBuffer
}

const entry: Case.Make = (context: Case.Context) => {
  const memory: Memory = {
    counter: SharedCounter.make(),
    mutex: SharedMutex.make(),
    barrier: SharedBarrier.make(2),
    ring: SharedRing.make(65_536),
    guarded: new SharedArrayBuffer(8),
  }
  const work = workOf(context)
  const guarded = new Float64Array(memory.guarded)
  return makeCase(work, {
    entry: new URL("./manycore.thread.ts", import.meta.url),
    memory,
    total: () => (work === "counter" ? SharedCounter.get(memory.counter) : (guarded[0] ?? 0)),
    awaken: async () => {
      const { buffer, byteOffset } = await SharedRing.readPromise(memory.ring)
      return new DataView(buffer, byteOffset).getFloat64(0)
    },
  })
}

export default entry
