import { assert, describe, it } from "@effect/vitest"
import { PoolMetrics, SharedCounter } from "@manycore/threads"
import { Effect, Fiber, Metric } from "effect"

import { kinds, makePool, reached, until } from "./pools.ts"

/** A registry of its own, so that nothing is counted but this test. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Metric.MetricRegistry, new Map()))

/** All series: name and attributes besides `pool`, and the state. */
const series = Effect.map(Metric.snapshot, (snapshots) => {
  const found = new Map<string, (typeof snapshots)[number]["state"]>()
  for (const { attributes, id, state } of snapshots) {
    assert.strictEqual(attributes?.["pool"], "measured")
    const { pool: _, ...others } = attributes ?? {}
    found.set([id.replace("manycore_threads_", ""), ...Object.values(others)].join(" "), state)
  }
  return found
})

const valueOf = (found: Effect.Success<typeof series>, name: string): number => {
  const state = found.get(name)
  if (state === undefined) return assert.fail(`no ${name} among ${[...found.keys()].join(", ")}`)
  return Number("value" in state ? state.value : "count" in state ? state.count : Number.NaN)
}

describe.each(kinds)("metrics of a pool (%s entry)", (kind) => {
  it.live("tell what stats tells, for as long as their Scope is open", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { name: "measured" })
      const { tasks } = pool
      yield* Effect.gen(function* () {
        yield* PoolMetrics.register(pool)
        const [first] = (yield* pool.stats).threads
        for (let i = 0; i < 20; i++) yield* tasks.Burn({ millis: 3 })
        const counter = SharedCounter.make()
        const open = SharedCounter.make()
        const blocking = yield* Effect.forkChild(tasks.Block({ counter, open }))
        yield* reached(counter, 1)
        const behind = yield* Effect.forEach([1, 2, 3], () =>
          Effect.forkChild(tasks.Burn({ millis: 1 }), { startImmediately: true }),
        )
        const during = yield* series
        const { pending, queued } = yield* pool.stats
        assert.strictEqual(valueOf(during, "tasks_pending"), pending)
        assert.strictEqual(pending, 4)
        assert.strictEqual(valueOf(during, "tasks_queued"), queued)
        assert.strictEqual(valueOf(during, "size"), 1)
        assert.strictEqual(valueOf(during, "tasks_completed"), 20)
        assert.isAtLeast(valueOf(during, `busy_ms ${first?.threadId}`), 60)
        assert.isAbove(valueOf(during, `utilization ${first?.threadId}`), 0)
        SharedCounter.increment(open)
        yield* Fiber.joinAll([blocking, ...behind])

        yield* Effect.flip(tasks.Exit({ code: 3 }))
        yield* tasks.Add({ a: 1, b: 1 })
        const after = yield* series
        const stats = yield* pool.stats
        assert.strictEqual(valueOf(after, "tasks_completed"), stats.completed)
        assert.strictEqual(valueOf(after, "started"), 2)
        assert.strictEqual(valueOf(after, "restarts lost"), 1)
        assert.strictEqual(valueOf(after, "restarts recycled"), 0)
        assert.isFalse(after.has(`busy_ms ${first?.threadId}`))
        assert.isTrue(after.has(`busy_ms ${stats.threads[0]?.threadId}`))

        const runTime = after.get("run_time_ms")
        assert(runTime !== undefined && "buckets" in runTime)
        assert.strictEqual(runTime.count, stats.runTime.count)
        assert.strictEqual(runTime.buckets.at(-1)?.[1], runTime.count)
        const [, short] = runTime.buckets.find(([bound]) => bound === 2) ?? []
        // The 20 tasks of 3 ms are above that bound.
        assert.isAtMost(short ?? Number.NaN, runTime.count - 20)
        assert.isAtLeast(runTime.sum, 60)
        assert.isAtLeast(valueOf(after, "queue_wait_ms"), 2)
      }).pipe(Effect.scoped)
      assert.strictEqual((yield* Metric.snapshot).length, 0)
    }).pipe(Effect.scoped, alone),
  )

  it.live("a thread that was stuck counts as terminated", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { name: "measured" })
      yield* PoolMetrics.register(pool)
      const counter = SharedCounter.make()
      const spinning = yield* Effect.forkChild(pool.tasks.Spin({ counter }))
      yield* reached(counter, 1)
      yield* Fiber.interrupt(spinning)
      yield* until(pool, "it is replaced", ({ started }) => started === 2)
      assert.strictEqual(valueOf(yield* series, "restarts terminated"), 1)
      assert.deepInclude(yield* pool.stats, { terminated: 1, lost: 0, recycled: 0 })
    }).pipe(Effect.scoped, alone),
  )
})
