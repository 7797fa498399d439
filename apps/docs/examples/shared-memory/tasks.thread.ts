// #region thread
import { serve } from "@manycore/threads/bare"
import { SharedCounter, SharedMutex, SharedRing } from "@manycore/threads/shared"

import type { Tasks } from "./Tasks.ts"

serve<typeof Tasks>({
  Count: ({ counter, times }) => {
    for (let i = 0; i < times; i++) SharedCounter.increment(counter)
  },
  Transfer: ({ balances, mutex, times }) => {
    for (let i = 0; i < times; i++) {
      SharedMutex.withLockSync(mutex, () => {
        balances[0] = (balances[0] ?? 0) - 1
        balances[1] = (balances[1] ?? 0) + 1
      })
    }
  },
  DieInside: ({ balances, mutex }) => {
    SharedMutex.withLockSync(mutex, () => {
      balances[0] = (balances[0] ?? 0) - 1
      process.exit(1)
    })
  },
  Scale: ({ by, part }) => {
    for (let i = 0; i < part.length; i++) part[i] = (part[i] ?? 0) * by
  },
  Produce: ({ count, ring }) => {
    for (let i = 0; i < count; i++) SharedRing.writeSync(ring, Uint8Array.of(i))
    SharedRing.close(ring)
  },
})
// #endregion
