/** Ours, as Effects. */
import { Pool, PoolMetrics } from "@manycore/threads"
import { Effect, Metric, Schedule, Scope } from "effect"

import type { Start } from "../Competitor.ts"
import { Tasks } from "../Tasks.ts"
import { effectRunner } from "./effectRunner.ts"

interface Extras {
  readonly spares?: number
  /** The pool's metrics are registered and read ten times a second. */
  readonly hasMetrics?: boolean
  /** Each call has a priority, one of eight. */
  readonly hasPriorities?: boolean
  /** The calls are made in a span, which travels along with each. */
  readonly hasSpans?: boolean
}

const watched = (pool: Pool.Any) =>
  Effect.gen(function* () {
    yield* PoolMetrics.register(pool)
    yield* Effect.forkScoped(Effect.repeat(Metric.snapshot, Schedule.spaced("100 millis")))
  })

export const begin =
  (entry: URL, extras: Extras = {}): Start =>
  async ({ movesBack = false, threads }) => {
    const { hasMetrics = false, hasPriorities = false, hasSpans = false, spares = 0 } = extras
    const scope = Scope.makeUnsafe()
    const pool = await Effect.runPromise(
      Scope.provide(Pool.make(Tasks, { entry, size: threads, spares }), scope),
    )
    if (hasMetrics) await Effect.runPromise(Scope.provide(watched(pool), scope))
    const { tasks } = pool
    let priority = 0
    const empty = () => tasks.empty(undefined, { priority: ++priority & 7 })
    return effectRunner(
      scope,
      hasPriorities ? { ...tasks, empty } : tasks,
      movesBack,
      hasSpans ? (lanes) => Effect.withSpan(lanes, "calls") : undefined,
    )
  }
