import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedCounter, SharedLatch, SharedSemaphore } from "@manycore/threads"
import { Effect, Fiber, Schema } from "effect"

import * as Thread from "./thread.ts"

describe("SharedSemaphore", () => {
  it.live("never more than its permits are inside, across threads and fibers", () =>
    Effect.gen(function* () {
      const semaphore = SharedSemaphore.make(2)
      const inside = SharedCounter.make()
      const job = { do: "permits", semaphore, inside, times: 1500 } as const
      const threads = yield* Effect.forEach([1, 2, 3], () => Thread.start(job))
      let most = 0
      const body = Effect.gen(function* () {
        most = Math.max(most, SharedCounter.increment(inside))
        yield* Effect.yieldNow
        SharedCounter.add(inside, -1)
      }).pipe(SharedSemaphore.withPermit(semaphore))
      const lane = Effect.repeat(body, { times: 300 })
      yield* Effect.all([lane, lane, lane], { concurrency: "unbounded" })
      for (const thread of threads) most = Math.max(most, Number(yield* thread.found))
      assert.isAtMost(most, 2)
      assert.strictEqual(SharedCounter.get(inside), 0)
      assert.strictEqual(SharedSemaphore.available(semaphore), 2)
    }).pipe(Effect.scoped),
  )

  it.live("permits of a thread that died are free again, and those of others are not", () =>
    Effect.gen(function* () {
      const semaphore = SharedSemaphore.make(3)
      const mine = SharedSemaphore.tryAcquire(semaphore)
      const inside = SharedLatch.make(2)
      const job = { do: "keepPermit", semaphore, inside } as const
      const dies = yield* Thread.start(job)
      yield* Thread.start(job)
      yield* SharedLatch.await(inside)
      assert.isUndefined(SharedSemaphore.tryAcquire(semaphore))
      const waiting = yield* Effect.forkChild(
        SharedSemaphore.withPermit(semaphore)(Effect.succeed("in")),
      )
      yield* dies.terminate
      assert.strictEqual(yield* Fiber.join(waiting), "in")
      assert.strictEqual(SharedSemaphore.available(semaphore), 1)
      assert.strictEqual(mine, 0)
      SharedSemaphore.release(semaphore, 0)
      assert.strictEqual(SharedSemaphore.available(semaphore), 2)
    }).pipe(Effect.scoped),
  )

  it.live("an interrupted or late wait takes nothing", () =>
    Effect.gen(function* () {
      const semaphore = SharedSemaphore.make(1)
      const permit = SharedSemaphore.tryAcquire(semaphore)
      assert.strictEqual(permit, 0)
      const error = yield* Effect.flip(
        SharedSemaphore.withPermit(semaphore, { timeout: 20 })(Effect.void),
      )
      assert.strictEqual(error.reason._tag, "TimedOut")
      const wait = yield* Effect.forkChild(SharedSemaphore.withPermit(semaphore)(Effect.never), {
        startImmediately: true,
      })
      SharedSemaphore.release(semaphore, 0)
      yield* Fiber.interrupt(wait)
      yield* Condition.until("free", () => SharedSemaphore.available(semaphore) === 1)
      const answer = Effect.promise(() => SharedSemaphore.withPermitPromise(semaphore, () => 5))
      assert.strictEqual(yield* answer, 5)
    }),
  )

  it("refuses nonsense: no permits, a permit of nobody, blocking the main thread", () => {
    assert.throws(() => SharedSemaphore.make(0), /permits is 0, but must be a whole number from 1/)
    const semaphore = SharedSemaphore.make(1)
    for (const permit of [0, -1, 1, 0.5]) {
      assert.throws(() => SharedSemaphore.release(semaphore, permit), /does not hold/)
    }
    assert.throws(() => SharedSemaphore.withPermitSync(semaphore, () => {}), /main thread/)
  })

  it("crosses by reference", () => {
    const semaphore = SharedSemaphore.make(2)
    const is = Schema.is(SharedSemaphore.schema)
    const other = structuredClone(semaphore)
    assert.isTrue(is(other))
    SharedSemaphore.tryAcquire(other)
    assert.strictEqual(SharedSemaphore.available(semaphore), 1)
    assert.isFalse(is({ _tag: "SharedSemaphore", buffer: new SharedArrayBuffer(16) }))
  })
})
