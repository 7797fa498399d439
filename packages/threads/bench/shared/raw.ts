/** The floor: `Atomics` by hand, and `postMessage`. */
import type { Case } from "@manycore/bench"

import { makeCase, workOf } from "./work.ts"

export interface Memory {
  /** Words: a lock (0 free, 1 held, 2 held and waited for), whose turn it is, wakes sent. */
  readonly words: SharedArrayBuffer
  readonly counter: SharedArrayBuffer
  /** What the lock guards, and when the last wake was sent. */
  readonly guarded: SharedArrayBuffer
}

const entry: Case.Make = (context: Case.Context) => {
  const memory: Memory = {
    words: new SharedArrayBuffer(12),
    counter: new SharedArrayBuffer(8),
    guarded: new SharedArrayBuffer(16),
  }
  const work = workOf(context)
  const words = new Int32Array(memory.words)
  const guarded = new Float64Array(memory.guarded)
  let woken = 0
  return makeCase(work, {
    entry: new URL("./raw.thread.ts", import.meta.url),
    memory,
    total: () =>
      work === "counter"
        ? Number(Atomics.load(new BigInt64Array(memory.counter), 0))
        : (guarded[0] ?? 0),
    awaken: async () => {
      // The promise of waitAsync does not keep the loop alive.
      const alive = setInterval(() => {}, 1 << 30)
      const { async, value } = Atomics.waitAsync(words, 2, woken)
      if (async) await value
      clearInterval(alive)
      woken++
      return guarded[1] ?? 0
    },
  })
}

export default entry
