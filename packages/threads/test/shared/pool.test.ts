import { assert, describe, it } from "@effect/vitest"
import { Pool, SharedMutex, SharedSemaphore } from "@manycore/threads"
import { Effect, Fiber } from "effect"

import { Deaths } from "../fixtures/Deaths.ts"

describe("a pool whose thread dies with something shared in its hands", () => {
  it.live("gives it back: who waits learns of it, and nobody waits in vain", () =>
    Effect.gen(function* () {
      const entry = new URL("../fixtures/deaths.bare.ts", import.meta.url)
      const { tasks } = yield* Pool.make(Deaths, { entry, size: 1 })
      const mutex = SharedMutex.make()
      const semaphore = SharedSemaphore.make(1)
      // Taken here first, so that everybody waits for it.
      assert.isTrue(SharedMutex.tryLock(mutex))
      const task = yield* Effect.forkChild(Effect.flip(tasks.ExitInside({ mutex, semaphore })))
      SharedMutex.unlock(mutex)

      const error = yield* Fiber.join(task)
      assert.deepInclude(error.reason, { _tag: "ThreadExited", exitCode: 4 })
      const locked = yield* Effect.flip(SharedMutex.withLock(mutex)(Effect.void))
      assert.strictEqual(locked.reason._tag, "HolderDied")
      assert.strictEqual(yield* SharedSemaphore.withPermit(semaphore)(Effect.succeed("in")), "in")
    }).pipe(Effect.scoped),
  )
})
