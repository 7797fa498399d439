/**
 * What is known of a worker process: its state and its figures. Data only.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The life of a worker: it starts, is ready when its server listens, and is draining when it gets
 * no new connections and finishes what it has. A worker that ended by itself waits in `backoff`
 * until it is started again; `stopped` is one that we ended.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Literals(["starting", "ready", "draining", "backoff", "stopped"])

/** @since 0.1.0 */
export type State = typeof State.Type

/**
 * A worker as it is now.
 *
 * @category models
 * @since 0.1.0
 */
export const Snapshot = Schema.Struct({
  /** Its place among the workers, from 1. A replacement has the same. */
  id: Schema.Int,
  /** Process id; null while no process runs. */
  pid: Schema.NullOr(Schema.Int),
  state: State,
  /** How many times the process in this place was replaced because it ended by itself. */
  restarts: Schema.Int,
  /** How long this process has run, in ms; 0 while none runs. */
  uptime: Schema.Int,
  /**
   * Requests that this process has begun to answer, as far as it last told: a worker whose event
   * loop is blocked tells nothing. null for a program that does not use `ClusterWorker`.
   */
  requests: Schema.NullOr(Schema.Int),
})

/** @since 0.1.0 */
export type Snapshot = typeof Snapshot.Type
