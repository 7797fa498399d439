import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedBarrier, SharedLatch } from "@manycore/threads"
import { Effect, Fiber, Schema } from "effect"

import * as Thread from "./thread.ts"

describe("SharedBarrier", () => {
  it.live("nobody goes on before all have come, round after round", () =>
    Effect.gen(function* () {
      const parties = 4
      const rounds = 500
      const barrier = SharedBarrier.make(parties)
      const cells = new SharedArrayBuffer(4 * parties)
      const threads = yield* Effect.forEach([1, 2, 3], (index) =>
        Thread.start({ do: "rounds", barrier, cells, index, rounds, async: index === 3 }),
      )
      const view = new Int32Array(cells)
      for (let round = 1; round <= rounds; round++) {
        Atomics.store(view, 0, round)
        yield* SharedBarrier.await(barrier)
      }
      for (const thread of threads) assert.strictEqual(yield* thread.found, "in step")
      assert.strictEqual(SharedBarrier.arrived(barrier), 0)
    }).pipe(Effect.scoped),
  )

  it.live("who gives up takes itself back, and the others go on waiting", () =>
    Effect.gen(function* () {
      const barrier = SharedBarrier.make(3)
      const patient = yield* Effect.forkChild(SharedBarrier.await(barrier), {
        startImmediately: true,
      })
      const error = yield* Effect.flip(SharedBarrier.await(barrier, { timeout: 20 }))
      assert.strictEqual(error.reason._tag, "TimedOut")
      const impatient = yield* Effect.forkChild(SharedBarrier.await(barrier), {
        startImmediately: true,
      })
      yield* Fiber.interrupt(impatient)
      assert.strictEqual(SharedBarrier.arrived(barrier), 1)
      assert.isUndefined(patient.pollUnsafe())
      yield* Effect.all([SharedBarrier.await(barrier), SharedBarrier.await(barrier)], {
        concurrency: 2,
      })
      yield* Fiber.join(patient)
    }),
  )

  it.live("a thread that dies inside breaks it for all, until it is reset", () =>
    Effect.gen(function* () {
      const barrier = SharedBarrier.make(3)
      const coming = SharedLatch.make(2)
      const dies = yield* Thread.start({ do: "stand", barrier, coming })
      const lives = yield* Thread.start({ do: "stand", barrier, coming })
      yield* Condition.until("both wait", () => SharedBarrier.arrived(barrier) === 2)
      yield* dies.terminate
      assert.deepInclude(yield* lives.found, {
        failed: {
          _tag: "HolderDied",
          operation: "SharedBarrier.awaitSync",
          threadId: dies.threadId,
        },
      })
      const error = yield* Effect.flip(SharedBarrier.await(barrier))
      assert.strictEqual(error.reason._tag, "HolderDied")
      assert.isTrue(SharedBarrier.reset(barrier))
      assert.isFalse(SharedBarrier.reset(barrier))
      const three = Array.from({ length: 3 }, () => SharedBarrier.await(barrier))
      yield* Effect.all(three, { concurrency: 3 })
    }).pipe(Effect.scoped),
  )

  it("refuses nonsense", () => {
    assert.throws(() => SharedBarrier.make(0), /parties is 0/)
    assert.throws(() => SharedBarrier.make(2048), /parties is 2048/)
    const barrier = SharedBarrier.make(1)
    assert.throws(() => SharedBarrier.awaitSync(barrier), /main thread/)
    assert.strictEqual(SharedBarrier.arrived(barrier), 0)
    assert.isTrue(Schema.is(SharedBarrier.schema)(structuredClone(barrier)))
  })
})

describe("SharedLatch", () => {
  it.live("opens once for all who wait, in threads and here", () =>
    Effect.gen(function* () {
      const latch = SharedLatch.make(3)
      const waiting = SharedLatch.make(2)
      const job = { do: "waitForLatch", latch, waiting } as const
      const threads = yield* Effect.forEach([1, 2], () => Thread.start(job))
      const here = yield* Effect.forkChild(SharedLatch.await(latch), { startImmediately: true })
      yield* SharedLatch.await(waiting)
      assert.strictEqual(SharedLatch.countDown(latch, 2), 1)
      assert.isUndefined(here.pollUnsafe())
      assert.strictEqual(SharedLatch.countDown(latch), 0)
      assert.strictEqual(SharedLatch.countDown(latch), 0)
      yield* Fiber.join(here)
      for (const thread of threads) assert.strictEqual(yield* thread.found, "open")
      yield* SharedLatch.await(latch)
      yield* Effect.promise(() => SharedLatch.awaitPromise(latch))
    }).pipe(Effect.scoped),
  )

  it.live("a thread that dies before it counts leaves a timeout, or whoever opens it", () =>
    Effect.gen(function* () {
      const latch = SharedLatch.make(2)
      SharedLatch.countDown(latch)
      const error = yield* Effect.flip(SharedLatch.await(latch, { timeout: 20 }))
      assert.deepStrictEqual(error.reason, {
        _tag: "TimedOut",
        operation: "SharedLatch.await",
        timeoutMillis: 20,
      })
      assert.strictEqual(SharedLatch.missing(latch), 1)
      SharedLatch.open(latch)
      yield* SharedLatch.await(latch)
    }),
  )

  it("refuses nonsense", () => {
    assert.throws(() => SharedLatch.make(-1), /count is -1/)
    assert.throws(() => SharedLatch.countDown(SharedLatch.make(1), 0), /by is 0/)
    assert.throws(() => SharedLatch.awaitSync(SharedLatch.make(0)), /main thread/)
    assert.isTrue(Schema.is(SharedLatch.schema)(structuredClone(SharedLatch.make(1))))
  })
})
