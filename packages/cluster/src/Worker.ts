/**
 * What is known of a worker process: its state, its figures, and how it failed. Data only.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The life of a worker: it starts, is `ready` (see `Readiness`), and is `draining` when it gets no
 * new connections and finishes what it has. `crashed` is a place whose worker ended by itself and
 * waits to be started again, `gave-up` one that crashed too often, `stopped` one that ended because
 * it was told to or because it was done.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Literals([
  "starting",
  "ready",
  "draining",
  "crashed",
  "gave-up",
  "stopped",
])

/**
 * @category models
 * @since 0.1.0
 */
export type State = typeof State.Type

/**
 * A worker as it is now. During a reload a place has two of them.
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

/**
 * @category models
 * @since 0.1.0
 */
export type Snapshot = typeof Snapshot.Type

/**
 * The error that ended a worker, as it told itself before it died. `code` is Node's, such as
 * `EADDRINUSE`.
 *
 * @category models
 * @since 0.1.0
 */
export const Report = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  stack: Schema.String,
  code: Schema.NullOr(Schema.String),
  /** The message as one sentence that says what to do, where we know one. */
  sentence: Schema.String,
})

/**
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

/**
 * How a worker failed. `fault` says why it was ended by us: `NotReady`, not ready within its
 * deadline; `PipeLost`, it wrote garbage to our pipe or closed it, and could not be told anything
 * any more; `NotForked`, the system refused to start it.
 *
 * @category models
 * @since 0.1.0
 */
export const Failure = Schema.Struct({
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  fault: Schema.NullOr(Schema.Literals(["NotReady", "PipeLost", "NotForked"])),
  report: Schema.NullOr(Report),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Failure = typeof Failure.Type

/**
 * A failure as one sentence.
 *
 * @category models
 * @since 0.1.0
 */
export const describe = ({ exitCode, fault, report, signal }: Failure): string => {
  if (report !== null) return report.sentence
  switch (fault) {
    case "NotReady": {
      return "was not ready within its deadline: listen, call ready(), or choose another Readiness"
    }
    case "PipeLost": {
      return "wrote something of its own to descriptor 4, or closed it: leave it to the supervisor"
    }
    case "NotForked": {
      return "could not be started by the system"
    }
    case null: {
      return signal === null ? `exited with code ${exitCode}` : `got ${signal}`
    }
  }
}
