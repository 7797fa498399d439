/**
 * What a pool does, as Effect Metrics. All are read from the pool when somebody takes a snapshot: they
 * cost nothing in between. `stats` of the pool is the same as plain data.
 *
 * | metric | kind | what |
 * | --- | --- | --- |
 * | `manycore_threads_tasks_completed` | counter | tasks that had an outcome |
 * | `manycore_threads_started` | counter | threads, replacements included |
 * | `manycore_threads_restarts` | counter | threads that ended while the pool went on, by `reason`: `lost`, `recycled`, `terminated` |
 * | `manycore_threads_size` | gauge | threads that the pool keeps |
 * | `manycore_threads_tasks_queued`, `manycore_threads_tasks_suspended`, `manycore_threads_tasks_pending` | gauge | tasks that wait for a thread, for room in the queue, for an outcome |
 * | `manycore_threads_queue_wait_ms` | histogram | how long tasks waited that found no thread free |
 * | `manycore_threads_run_time_ms` | histogram | how long tasks ran; short ones count as the mean of those that were answered together |
 * | `manycore_threads_busy_ms` | counter | by `thread`: ms that its tasks took; its rate is the utilisation of any span of time |
 * | `manycore_threads_utilization` | gauge | by `thread`: the share of its life in which it ran tasks |
 *
 * It starts nothing. The series of a thread go with it, all of them with their Scope.
 *
 * @since 0.1.0
 */
import { type Context, Effect, Metric, type Scope } from "effect"

import type { Engine } from "./internal/engine/Engine.ts"
import type { Histogram } from "./internal/engine/Histogram.ts"
import type { Thread } from "./internal/engine/Thread.ts"
import { engineOf } from "./internal/engines.ts"
import type * as Pool from "./Pool.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Attributes of every series, besides `pool`, which is the pool's `name`. Two pools of the same name
   * need different ones: else one replaces the other.
   */
  readonly attributes?: Readonly<Record<string, string>>
}

/** In ms. The same bounds everywhere, so that histograms of several processes add up. */
const boundaries = Metric.exponentialBoundaries({ start: 0.0625, factor: 2, count: 18 })

/**
 * Register the metrics of a pool in the current `MetricRegistry`, until the Scope closes. Everything is
 * counted since the pool was made.
 *
 * @category constructors
 * @since 0.1.0
 */
export const register = (
  pool: Pool.Any,
  options: Options = {},
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => registerUnsafe(engineOf(pool), options, context)),
    ),
    (remove) => Effect.sync(remove),
  ).pipe(Effect.asVoid)

interface Series {
  readonly engine: Engine
  readonly attributes: Readonly<Record<string, string>>
  readonly context: Context.Context<never>
}

const registerUnsafe = (
  engine: Engine,
  options: Options,
  context: Context.Context<never>,
): (() => void) => {
  const attributes = { pool: engine.options.name, ...options.attributes }
  const series: Series = { engine, attributes, context }
  const registered = [...ofPool(series), ...ofRestarts(series)]
  const byThread = new Map<Thread, ReadonlyArray<Metric.Registration>>()
  const { fleet } = engine
  const follow = () => {
    for (const thread of fleet.threads) {
      if (!byThread.has(thread)) byThread.set(thread, ofThread(series, thread))
    }
    for (const [thread, those] of byThread) {
      if (fleet.threads.has(thread)) continue
      byThread.delete(thread)
      for (const one of those) one.remove()
    }
  }
  follow()
  fleet.watchers.add(follow)
  return () => {
    fleet.watchers.delete(follow)
    for (const one of [...registered, ...[...byThread.values()].flat()]) one.remove()
  }
}

const counter = (
  { attributes, context }: Series,
  name: string,
  description: string,
  count: () => number,
  more: Readonly<Record<string, string>> = {},
) =>
  Metric.registerUnsafe(
    Metric.counter(`manycore_threads_${name}`, {
      description,
      attributes: { ...attributes, ...more },
      incremental: true,
    }),
    context,
    { ...readOnly, get: () => ({ count: count(), incremental: true }) },
  )

const gauge = (
  { attributes, context }: Series,
  name: string,
  description: string,
  value: () => number,
  more: Readonly<Record<string, string>> = {},
) =>
  Metric.registerUnsafe(
    Metric.gauge(`manycore_threads_${name}`, {
      description,
      attributes: { ...attributes, ...more },
    }),
    context,
    { ...readOnly, get: () => ({ value: value() }) },
  )

const histogram = (
  { attributes, context }: Series,
  name: string,
  description: string,
  from: Histogram,
) =>
  Metric.registerUnsafe(
    Metric.histogram(`manycore_threads_${name}`, { description, attributes, boundaries }),
    context,
    { ...readOnly, get: () => stateOf(from) },
  )

const ofPool = (series: Series) => {
  const { backlog, fleet, queueWait, runTime } = series.engine
  return [
    counter(series, "tasks_completed", "Tasks that had an outcome", () => series.engine.completed),
    counter(series, "started", "Threads started, replacements included", () => fleet.started),
    gauge(series, "size", "Threads that the pool keeps", () => fleet.size),
    gauge(series, "tasks_queued", "Tasks that wait for a thread", () => backlog.size),
    gauge(series, "tasks_suspended", "Tasks that wait for room", () => backlog.suspendedCount),
    gauge(series, "tasks_pending", "Tasks without an outcome", () => series.engine.pending),
    histogram(series, "queue_wait_ms", "How long tasks waited for a thread, in ms", queueWait),
    histogram(series, "run_time_ms", "How long tasks ran, in ms", runTime),
  ]
}

const ofRestarts = (series: Series) =>
  (["lost", "recycled", "terminated"] as const).map((reason) =>
    counter(
      series,
      "restarts",
      "Threads that ended while the pool went on",
      () => series.engine.fleet[reason],
      { reason },
    ),
  )

const ofThread = (series: Series, thread: Thread) => {
  const more = { thread: String(thread.threadId) }
  return [
    counter(series, "busy_ms", "Time that its tasks took, in ms", () => thread.busy / 1000, more),
    gauge(
      series,
      "utilization",
      "The share of its life in which the thread ran tasks",
      () => thread.utilization,
      more,
    ),
  ]
}

/** As Effect has it: of each bound, how many took at most so long. */
const stateOf = (from: Histogram) => ({
  buckets: boundaries.map((bound): [number, number] => [bound, from.countTo(bound)]),
  count: from.count,
  min: from.min / 1000,
  max: from.max / 1000,
  sum: from.sum / 1000,
})

/** Nobody writes what is read from the pool. */
const readOnly = { update: () => {}, modify: () => {} }
