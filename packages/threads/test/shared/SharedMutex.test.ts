import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedLatch, SharedMemoryError, SharedMutex } from "@manycore/threads"
import { Effect, Fiber, Schema } from "effect"

import * as Thread from "./thread.ts"

const reasonTag = Effect.map(
  (error: { readonly reason: { readonly _tag: string } }) => error.reason._tag,
)

describe("SharedMutex", () => {
  for (const kinds of [
    [false, false, false],
    [true, true],
    [true, false],
  ]) {
    const names = kinds.map((isAsync) => (isAsync ? "waiting" : "blocking")).join(", ")
    it.live(`no update is lost and one is inside: threads ${names}`, () =>
      Effect.gen(function* () {
        const mutex = SharedMutex.make()
        const cells = new SharedArrayBuffer(4)
        const times = 2000
        const threads = yield* Effect.forEach(kinds, (isAsync) =>
          Thread.start({ do: "addUnderLock", mutex, cells, times, async: isAsync }),
        )
        // The main thread joins in.
        const view = new Int32Array(cells)
        const add = Effect.sync(() => {
          view[0] = (view[0] ?? 0) + 1
        }).pipe(SharedMutex.withLock(mutex))
        yield* Effect.repeat(add, { times: times - 1 })
        yield* Effect.forEach(threads, (thread) => thread.found)
        assert.strictEqual(view[0], times * (kinds.length + 1))
        assert.isFalse(SharedMutex.isLocked(mutex))
      }).pipe(Effect.scoped),
    )
  }

  it.live("fibers of one thread exclude each other", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      let inside = 0
      let most = 0
      const body = Effect.gen(function* () {
        most = Math.max(most, ++inside)
        yield* Effect.yieldNow
        inside--
      }).pipe(SharedMutex.withLock(mutex))
      yield* Effect.all(
        Array.from({ length: 50 }, () => body),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual({ inside, most }, { inside: 0, most: 1 })
    }),
  )

  for (const how of ["exit", "throw", "wait"] as const) {
    it.live(`a holder that dies (${how}) marks the lock until it is repaired`, () =>
      Effect.gen(function* () {
        const mutex = SharedMutex.make()
        const inside = SharedLatch.make(1)
        const holder = yield* Thread.start({ do: "dieInside", mutex, inside, how: how })
        yield* SharedLatch.await(inside)
        const waiting = yield* Effect.forkChild(
          Effect.flip(SharedMutex.withLock(mutex)(Effect.void)),
        )
        if (how !== "exit") yield* holder.terminate
        const error = yield* Fiber.join(waiting)
        assert.deepStrictEqual(error.reason, {
          _tag: "HolderDied",
          operation: "SharedMutex.withLock",
          threadId: holder.threadId,
        })
        // Whoever comes later learns of it too.
        assert.throws(() => SharedMutex.tryLock(mutex), /died in the middle/)
        assert.isTrue(SharedMutex.repair(mutex))
        assert.isFalse(SharedMutex.repair(mutex))
        assert.isTrue(SharedMutex.tryLock(mutex))
      }).pipe(Effect.scoped),
    )
  }

  it.live("a holder that dies frees a lock made to pass", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make({ whenHolderDies: "pass" })
      const inside = SharedLatch.make(1)
      const holder = yield* Thread.start({ do: "dieInside", mutex, inside, how: "wait" })
      yield* SharedLatch.await(inside)
      const waiting = yield* Effect.forkChild(SharedMutex.withLock(mutex)(Effect.succeed("inside")))
      yield* holder.terminate
      assert.strictEqual(yield* Fiber.join(waiting), "inside")
    }).pipe(Effect.scoped),
  )

  it.live("where nobody tells of the death, waiting times out", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      const inside = SharedLatch.make(1)
      const holder = yield* Thread.start(
        { do: "dieInside", mutex, inside, how: "wait" },
        { recover: false },
      )
      yield* SharedLatch.await(inside)
      yield* holder.terminate
      const error = yield* Effect.flip(SharedMutex.withLock(mutex, { timeout: 50 })(Effect.void))
      assert.deepStrictEqual(error.reason, {
        _tag: "TimedOut",
        operation: "SharedMutex.withLock",
        timeoutMillis: 50,
      })
      // It can be told later, of this lock alone.
      assert.isTrue(SharedMutex.releaseThread(mutex, holder.threadId))
      assert.strictEqual(
        yield* reasonTag(Effect.flip(SharedMutex.withLock(mutex)(Effect.void))),
        "HolderDied",
      )
    }).pipe(Effect.scoped),
  )

  it.live("a waiter that is killed takes nothing: the next one gets the lock", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      assert.isTrue(SharedMutex.tryLock(mutex))
      const waiting = SharedLatch.make(2)
      const killed = yield* Thread.start({ do: "waitForLock", mutex, waiting })
      const patient = yield* Thread.start({ do: "waitForLock", mutex, waiting })
      yield* SharedLatch.await(waiting)
      yield* killed.terminate
      SharedMutex.unlock(mutex)
      assert.isUndefined(yield* patient.found)
      assert.isFalse(SharedMutex.isLocked(mutex))
    }).pipe(Effect.scoped),
  )

  it.live("an interrupted wait takes nothing", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      assert.isTrue(SharedMutex.tryLock(mutex))
      const waits = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        Effect.forkChild(SharedMutex.withLock(mutex)(Effect.never), { startImmediately: true }),
      )
      // The lock comes free in the very turn in which they are interrupted.
      SharedMutex.unlock(mutex)
      yield* Fiber.interruptAll(waits)
      yield* Condition.until("the lock is free", () => !SharedMutex.isLocked(mutex))
      assert.strictEqual(yield* SharedMutex.withLock(mutex)(Effect.succeed(1)), 1)
    }),
  )

  it.live("an aborted wait rejects with the reason and takes nothing", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      assert.isTrue(SharedMutex.tryLock(mutex))
      const error = yield* Effect.promise(async () => {
        const abort = new AbortController()
        const { signal } = abort
        const wait = SharedMutex.withLockPromise(mutex, () => "inside", { signal })
        abort.abort(new Error("changed my mind"))
        return wait.catch(String)
      })
      assert.strictEqual(error, "Error: changed my mind")
      SharedMutex.unlock(mutex)
      assert.isTrue(SharedMutex.tryLock(mutex))
    }),
  )

  it.live("the same thread cannot block for its own lock", () =>
    Effect.gen(function* () {
      const thread = yield* Thread.start({ do: "lockTwice", mutex: SharedMutex.make() })
      assert.deepInclude(yield* thread.found, {
        failed: { _tag: "WouldDeadlock", operation: "SharedMutex.withLockSync" },
      })
    }).pipe(Effect.scoped),
  )

  it("the main thread may not block, not even for a free lock", () => {
    const mutex = SharedMutex.make()
    assert.throws(() => SharedMutex.withLockSync(mutex, () => {}), /would block the main thread/)
    assert.isTrue(SharedMutex.tryLock(mutex))
    assert.isFalse(SharedMutex.tryLock(mutex))
  })

  it("only the holder unlocks", () => {
    assert.throws(() => SharedMutex.unlock(SharedMutex.make()), /does not hold/)
  })

  it.effect("crosses by reference, and nothing else passes for it", () =>
    Effect.gen(function* () {
      const codec = Schema.toCodecIso(SharedMutex.schema)
      const mutex = SharedMutex.make()
      const wire = structuredClone(yield* Schema.encodeEffect(codec)(mutex))
      assert.isTrue(SharedMutex.tryLock(yield* Schema.decodeEffect(codec)(wire)))
      assert.isTrue(SharedMutex.isLocked(mutex))
      const latch = { ...SharedLatch.make(1), _tag: "SharedMutex" as const }
      assert.isFalse(SharedMutex.isSharedMutex(latch))
      const error = yield* Effect.flip(Schema.decodeEffect(codec)(latch))
      assert.match(error.message, /Expected SharedMutex/)
    }),
  )

  it.effect("its error crosses a contract as its class", () =>
    Effect.gen(function* () {
      const codec = Schema.toCodecIso(SharedMemoryError.schema)
      const reason = { _tag: "HolderDied", operation: "SharedMutex.withLock", threadId: 4 } as const
      const wire = yield* Schema.encodeEffect(codec)(
        new SharedMemoryError.SharedMemoryError(reason),
      )
      const error = yield* Schema.decodeEffect(codec)(structuredClone(wire))
      assert.instanceOf(error, SharedMemoryError.SharedMemoryError)
      assert.deepStrictEqual(error.reason, reason)
    }),
  )
})
