/** Law 4: queues are bounded, nothing starves; which thread runs what. */
import { assert, describe, it } from "@effect/vitest"
import { type Pool, SharedCounter } from "@manycore/threads"
import { Effect, Fiber } from "effect"

import { makePool, reached, until } from "./pools.ts"

/** A pool of one blocked thread, one task ready behind that, and nobody in the queue. */
const blocked = (options: Omit<Pool.Options, "entry">) =>
  Effect.gen(function* () {
    const pool = yield* makePool("bare", options)
    const counter = SharedCounter.make()
    const open = SharedCounter.make()
    const blocking = yield* Effect.forkChild(pool.tasks.Block({ counter, open }))
    yield* reached(counter, 1)
    const ready = yield* Effect.forkChild(pool.tasks.Add({ a: 0, b: 0 }))
    yield* Effect.yieldNow
    const release = Effect.andThen(
      Effect.sync(() => SharedCounter.increment(open)),
      Fiber.joinAll([blocking, ready]),
    )
    return { ...pool, release }
  })

const forkAdd = (pool: Effect.Success<ReturnType<typeof blocked>>, a: number, priority = 0) =>
  Effect.forkChild(Effect.result(pool.tasks.Add({ a, b: 0 }, { priority })), {
    startImmediately: true,
  })

const tags = (results: ReadonlyArray<Effect.Success<ReturnType<typeof forkAdd>>>) =>
  Effect.map(Fiber.joinAll(results), (all) =>
    all.map((result) => (result._tag === "Success" ? result.success : result.failure.reason._tag)),
  )

const areReady = ({ threads }: Pool.Stats) => threads.every(({ state }) => state === "ready")

describe("the queue of a pool", () => {
  it.live("suspend: whoever finds it full waits, and all run", () =>
    Effect.gen(function* () {
      const pool = yield* blocked({ queue: { capacity: 2 } })
      const adds = yield* Effect.forEach([1, 2, 3, 4, 5], (a) => forkAdd(pool, a))
      assert.deepInclude(yield* pool.stats, { queued: 2, suspended: 3 })
      yield* pool.release
      assert.deepStrictEqual(yield* tags(adds), [1, 2, 3, 4, 5])
    }).pipe(Effect.scoped),
  )

  it.live("fail: whoever finds it full fails with QueueFull", () =>
    Effect.gen(function* () {
      const pool = yield* blocked({ queue: { capacity: 2, strategy: "fail" } })
      const adds = yield* Effect.forEach([1, 2, 3], (a) => forkAdd(pool, a))
      yield* pool.release
      assert.deepStrictEqual(yield* tags(adds), [1, 2, "QueueFull"])
    }).pipe(Effect.scoped),
  )

  it.live("dropOldest and dropNewest: one of them fails with Dropped", () =>
    Effect.gen(function* () {
      const oldest = yield* blocked({ queue: { capacity: 2, strategy: "dropOldest" } })
      const first = yield* Effect.forEach([1, 2, 3], (a) => forkAdd(oldest, a))
      yield* oldest.release
      assert.deepStrictEqual(yield* tags(first), ["Dropped", 2, 3])

      const newest = yield* blocked({ queue: { capacity: 2, strategy: "dropNewest" } })
      const second = yield* Effect.forEach([1, 2, 3], (a) => forkAdd(newest, a))
      yield* newest.release
      assert.deepStrictEqual(yield* tags(second), [1, 2, "Dropped"])
      assert.deepInclude(yield* newest.stats, { pending: 0, queued: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("the higher priority goes first", () =>
    Effect.gen(function* () {
      const pool = yield* blocked({ queue: { ageing: "1 hour" } })
      const order: Array<number> = []
      const adds = yield* Effect.forEach([0, 2, 1, 2, 0], (priority) =>
        Effect.forkChild(
          Effect.andThen(
            pool.tasks.Add({ a: priority, b: 0 }, { priority }),
            Effect.sync(() => order.push(priority)),
          ),
          { startImmediately: true },
        ),
      )
      yield* pool.release
      yield* Fiber.joinAll(adds)
      assert.deepStrictEqual(order, [2, 2, 1, 0, 0])
    }).pipe(Effect.scoped),
  )

  it.live("ageing: a task of low priority is not overtaken for ever", () =>
    Effect.gen(function* () {
      const pool = yield* blocked({ queue: { ageing: "1 millis" } })
      const low = yield* forkAdd(pool, -1, 0)
      yield* Effect.sleep("50 millis")
      const order: Array<number> = []
      const high = yield* Effect.forkChild(
        Effect.andThen(
          pool.tasks.Add({ a: 1, b: 0 }, { priority: 10 }),
          Effect.sync(() => order.push(10)),
        ),
        { startImmediately: true },
      )
      low.addObserver(() => order.push(0))
      yield* pool.release
      yield* Fiber.joinAll([high])
      yield* Fiber.join(low)
      assert.deepStrictEqual(order, [0, 10])
    }).pipe(Effect.scoped),
  )

  it.live("concurrency: so many async tasks run on one thread, and no more", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool("bare", { concurrency: 3 })
      const counter = SharedCounter.make()
      const waiting = yield* Effect.forEach([1, 2, 3, 4, 5], () =>
        Effect.forkChild(tasks.Wait({ counter })),
      )
      yield* reached(counter, 3)
      yield* Effect.sleep("30 millis")
      assert.strictEqual(SharedCounter.get(counter), 3)
      assert.strictEqual((yield* stats).pending, 5)
      yield* Fiber.interruptAll(waiting)
    }).pipe(Effect.scoped),
  )

  it.live("a task behind a long one runs on a thread that has nothing to do", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool("bare", { size: 2 })
      const counter = SharedCounter.make()
      const open = [SharedCounter.make(), SharedCounter.make()] as const
      const [first, second] = yield* Effect.forEach(open, (one) =>
        Effect.forkChild(tasks.Block({ counter, open: one })),
      )
      yield* reached(counter, 2)
      const behind = yield* Effect.forEach([1, 2], (a) => Effect.forkChild(tasks.Add({ a, b: 0 })))
      yield* Effect.yieldNow
      SharedCounter.increment(open[1])
      assert.isDefined(second)
      yield* Fiber.join(second ?? Effect.runFork(Effect.never))
      // Both of them, although one stood behind the task that still blocks its thread.
      assert.deepStrictEqual(yield* Fiber.joinAll(behind), [1, 2])
      SharedCounter.increment(open[0])
      yield* Fiber.join(first ?? Effect.runFork(Effect.never))
    }).pipe(Effect.scoped),
  )

  it.live("tasks of one key run on one thread", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool("bare", { size: 3 })
      const seen = new Map<string, Set<number>>()
      const all = new Set<number>()
      yield* Effect.forEach(
        Array.from({ length: 60 }, (_, i) => `key ${i % 12}`),
        (affinity) =>
          Effect.map(tasks.Burn({ millis: 1 }, { affinity }), (threadId) => {
            all.add(threadId)
            seen.set(affinity, (seen.get(affinity) ?? new Set()).add(threadId))
          }),
        { concurrency: "unbounded" },
      )
      for (const threads of seen.values()) assert.strictEqual(threads.size, 1)
      assert.isAbove(all.size, 1)
    }).pipe(Effect.scoped),
  )

  it.live("scheduling: round robin, and a function of your own", () =>
    Effect.gen(function* () {
      const round = yield* makePool("bare", { size: 2, scheduling: "roundRobin" })
      yield* until(round, "both threads are ready", areReady)
      const ids = yield* Effect.forEach([1, 2, 3, 4], () => round.tasks.ThreadId())
      assert.strictEqual(new Set(ids).size, 2)
      const last = yield* makePool("bare", {
        size: 2,
        scheduling: (candidates) => candidates.length - 1,
      })
      yield* until(last, "both threads are ready", areReady)
      const chosen = yield* Effect.forEach([1, 2, 3, 4], () => last.tasks.ThreadId())
      assert.strictEqual(new Set(chosen).size, 1)
    }).pipe(Effect.scoped),
  )
})
