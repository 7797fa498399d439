/** What a pool has done so far, as plain data. */
import type { Engine } from "./Engine.ts"
import type { Histogram } from "./Histogram.ts"

/**
 * A distribution of durations in ms. Percentiles are upper bounds, at most twice the true ones.
 *
 * @category models
 * @since 0.1.0
 */
interface Durations {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ThreadStats {
  readonly threadId: number
  readonly state: "starting" | "ready" | "retiring" | "dying" | "over"
  /** Tasks that it has ended. */
  readonly completed: number
  /** Tasks that it holds. */
  readonly held: number
  /** The share of its life in which it ran tasks; over 1 where async tasks overlap. */
  readonly utilization: number
}

/**
 * What a pool has done so far.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stats {
  /** How many threads the pool keeps. */
  readonly size: number
  /** Threads started, replacements included. */
  readonly started: number
  /** Threads that ended by themselves: `process.exit`, an uncaught error, out of memory. */
  readonly lost: number
  /** Threads replaced after so many tasks, for their heap, or for an async task that would not end. */
  readonly recycled: number
  /** Threads ended in the middle of a task that nobody wanted any more and that would not end. */
  readonly terminated: number
  /** Tasks that wait for a thread. */
  readonly queued: number
  /** Tasks that wait for room in the queue. */
  readonly suspended: number
  /** Tasks that have no outcome yet, queued ones included. */
  readonly pending: number
  /** Tasks that had one. */
  readonly completed: number
  /** How long tasks waited that found no thread free. */
  readonly queueWait: Durations
  /** How long tasks ran. */
  readonly runTime: Durations
  readonly threads: ReadonlyArray<ThreadStats>
}

const millis = (histogram: Histogram): Durations => ({
  count: histogram.count,
  mean: histogram.count === 0 ? 0 : histogram.sum / histogram.count / 1000,
  p50: histogram.percentile(0.5) / 1000,
  p99: histogram.percentile(0.99) / 1000,
  max: histogram.max / 1000,
})

export const snapshot = (engine: Engine): Stats => {
  const { backlog, fleet } = engine
  return {
    size: fleet.size,
    started: fleet.started,
    lost: fleet.lost,
    recycled: fleet.recycled,
    terminated: fleet.terminated,
    queued: backlog.size,
    suspended: backlog.suspendedCount,
    pending: engine.pending,
    completed: engine.completed,
    queueWait: millis(engine.queueWait),
    runTime: millis(engine.runTime),
    threads: Array.from(fleet.threads, (thread) => ({
      threadId: thread.threadId,
      state: thread.phase,
      completed: thread.done,
      held: thread.held,
      utilization: thread.utilization,
    })),
  }
}
