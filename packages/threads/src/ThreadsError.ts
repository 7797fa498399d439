/**
 * What can go wrong with a pool and its tasks, as one error with a reason for each case that a
 * caller would treat differently.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/**
 * There is no such entry file. Fails `Pool.make`.
 *
 * @category errors
 * @since 0.1.0
 */
export class EntryNotFound extends Schema.TaggedError<EntryNotFound>()("EntryNotFound", {
  file: Schema.String,
}) {
  override get message(): string {
    return `there is no thread entry file ${this.file}`
  }
}

/**
 * An option of the pool makes no sense. Fails `Pool.make`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  value: Schema.Unknown,
  expected: Schema.String,
}) {
  override get message(): string {
    return `${this.option} is ${String(this.value)}, but must be ${this.expected}`
  }
}

/**
 * A thread ended, or said nothing for `startTimeout`, before it served tasks.
 *
 * @category errors
 * @since 0.1.0
 */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  file: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `a thread of ${this.file} did not start: ${messageOf(this.cause)}`
  }
}

/**
 * The thread that ran the task ended. `cause` is the uncaught error, where there was one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ThreadExited extends Schema.TaggedError<ThreadExited>()("ThreadExited", {
  task: Schema.String,
  threadId: Schema.Int,
  exitCode: Schema.NullOr(Schema.Int),
  cause: Schema.optionalKey(Schema.Defect()),
}) {
  override get message(): string {
    const why = this.cause === undefined ? "" : `: ${messageOf(this.cause)}`
    return `thread ${this.threadId} exited with code ${this.exitCode} while it ran ${this.task}${why}`
  }
}

/**
 * The payload does not fit the task's Schema, or holds a value that cannot be copied to a thread.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>()("InvalidPayload", {
  task: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `the payload of ${this.task} was refused: ${messageOf(this.cause)}`
  }
}

/**
 * The pool closed before the task had an outcome.
 *
 * @category errors
 * @since 0.1.0
 */
export class PoolClosed extends Schema.TaggedError<PoolClosed>()("PoolClosed", {
  task: Schema.String,
}) {
  override get message(): string {
    return `the pool closed before ${this.task} had an outcome`
  }
}

/**
 * The failure of everything in this package. Handle a case with
 * `Effect.catchReason("ThreadsError", "ThreadExited", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class ThreadsError extends Schema.TaggedError<ThreadsError>()("ThreadsError", {
  reason: Schema.Union([
    EntryNotFound,
    InvalidOption,
    StartFailed,
    ThreadExited,
    InvalidPayload,
    PoolClosed,
  ]),
}) {
  override get message(): string {
    return this.reason.message
  }
}
