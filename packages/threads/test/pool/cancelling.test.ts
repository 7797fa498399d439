/** Law 2: who no longer wants a task gets its thread back, and others do not notice. */
import { assert, describe, it } from "@effect/vitest"
import { SharedCounter } from "@manycore/threads"
import { Effect, Fiber, Stream } from "effect"

import { kinds, makePool, reached, until } from "./pools.ts"

describe.each(kinds)("cancelled tasks (%s entry)", (kind) => {
  it.live("a task that listens is told, and its thread goes on", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      const before = yield* tasks.ThreadId()
      const task = yield* Effect.forkChild(tasks.Wait({ counter }))
      yield* reached(counter, 1)
      yield* Fiber.interrupt(task)
      assert.strictEqual(SharedCounter.get(counter), 2)
      assert.strictEqual(yield* tasks.ThreadId(), before)
      assert.deepInclude(yield* stats, { started: 1, lost: 0, recycled: 0, pending: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("a task that has not started is taken back without its thread's help", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      const open = SharedCounter.make()
      const never = SharedCounter.make()
      const blocking = yield* Effect.forkChild(tasks.Block({ counter, open }))
      yield* reached(counter, 1)
      // One stands ready at the blocked thread, the others wait in the queue.
      const others = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(tasks.Wait({ counter: never })),
      )
      yield* Effect.yieldNow
      yield* Fiber.interruptAll(others)
      assert.strictEqual((yield* stats).pending, 1)
      SharedCounter.increment(open)
      yield* Fiber.join(blocking)
      assert.strictEqual(yield* tasks.Add({ a: 1, b: 1 }), 2)
      assert.strictEqual(SharedCounter.get(never), 0)
    }).pipe(Effect.scoped),
  )

  it.live("a loop that never ends costs its thread, and what stood behind it runs once", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { spares: kind === "effect" ? 1 : 0 })
      const { tasks } = pool
      const counter = SharedCounter.make()
      const spinning = yield* Effect.forkChild(tasks.Spin({ counter }))
      yield* reached(counter, 1)
      const behind = yield* Effect.forEach([1, 2, 3], (a) =>
        Effect.forkChild(tasks.Add({ a, b: 0 })),
      )
      yield* Effect.yieldNow
      yield* Fiber.interrupt(spinning)
      assert.deepStrictEqual(yield* Fiber.joinAll(behind), [1, 2, 3])
      assert.deepInclude(yield* pool.stats, { lost: 0, pending: 0, completed: 4 })
    }).pipe(Effect.scoped),
  )

  it.live("what was finished before the stuck task began has its result", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      const done = yield* Effect.forkChild(
        Effect.all([tasks.Add({ a: 1, b: 1 }), tasks.ThreadId()], { concurrency: "unbounded" }),
      )
      const spinning = yield* Effect.forkChild(tasks.Spin({ counter }))
      yield* reached(counter, 1)
      assert.strictEqual((yield* Fiber.join(done))[0], 2)
      yield* Fiber.interrupt(spinning)
    }).pipe(Effect.scoped),
  )

  it.live("an async task that ignores its signal is left, and its siblings finish first", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { concurrency: 2, grace: "50 millis" })
      const { tasks } = pool
      const deaf = SharedCounter.make()
      const sibling = SharedCounter.make()
      const ignoring = yield* Effect.forkChild(tasks.Deaf({ counter: deaf, millis: 60_000 }))
      const sleeping = yield* Effect.forkChild(tasks.Sleep({ counter: sibling, millis: 400 }))
      yield* reached(deaf, 1)
      yield* reached(sibling, 1)
      yield* Fiber.interrupt(ignoring)
      const old = yield* Fiber.join(sleeping)
      yield* until(pool, "the thread is replaced", ({ threads }) =>
        threads.every(({ state, threadId }) => state === "ready" && threadId !== old),
      )
      assert.deepInclude(yield* pool.stats, { lost: 0, recycled: 1 })
      assert.strictEqual(SharedCounter.get(deaf), 1)
      assert.notStrictEqual(yield* tasks.ThreadId(), old)
    }).pipe(Effect.scoped),
  )

  it.live("a task over its timeout fails with TimedOut", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind, { taskTimeout: "300 millis" })
      const counter = SharedCounter.make()
      const { reason } = yield* Effect.flip(tasks.Spin({ counter }))
      assert.deepInclude(reason, { _tag: "TimedOut", task: "Spin", millis: 300 })
    }).pipe(Effect.scoped),
  )

  it.live("a stream that is not read to its end stops its producer", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind)
      const counter = SharedCounter.make()
      const some = yield* pool.tasks
        .Numbers({ counter, to: 1_000_000_000 })
        .pipe(Stream.take(3), Stream.runCollect)
      assert.deepStrictEqual(some, [1, 2, 3])
      yield* until(pool, "the task is over", ({ pending }) => pending === 0)
      assert.isBelow(SharedCounter.get(counter), 13_000)
      assert.deepInclude(yield* pool.stats, { started: 1, recycled: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("many cancelled tasks leave a pool that works", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { size: 2 })
      const round = Effect.gen(function* () {
        const fibers = yield* Effect.forEach(Array.from({ length: 700 }), (_, i) =>
          Effect.forkChild(pool.tasks.Add({ a: i, b: 0 })),
        )
        yield* Fiber.interruptAll(fibers.filter((_, i) => i % 3 !== 0))
        const kept = yield* Fiber.joinAll(fibers.filter((_, i) => i % 3 === 0))
        assert.deepStrictEqual(
          kept,
          Array.from({ length: 234 }, (_, i) => 3 * i),
        )
      })
      for (let i = 0; i < 5; i++) yield* round
      assert.deepInclude(yield* pool.stats, { started: 2, pending: 0 })
    }).pipe(Effect.scoped),
  )
})
