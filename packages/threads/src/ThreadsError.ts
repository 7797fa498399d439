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
 * An option of the pool, or of a call, makes no sense. Fails `Pool.make`, or the call.
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
    const value = typeof this.value === "string" ? `"${this.value}"` : String(this.value)
    return `${this.option} is ${value}, but must be ${this.expected}`
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
 * The entry file does not serve a task of the contract. Fails `Pool.make`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskNotServed extends Schema.TaggedError<TaskNotServed>()("TaskNotServed", {
  file: Schema.String,
  task: Schema.String,
}) {
  override get message(): string {
    return `${this.file} does not serve ${this.task}: give its entry a handler of that name`
  }
}

/**
 * The pool has stopped by itself: its threads died before they had done anything, `deaths` times in
 * a row. `cause` is what the last one died of.
 *
 * @category errors
 * @since 0.1.0
 */
export class GaveUp extends Schema.TaggedError<GaveUp>()("GaveUp", {
  file: Schema.String,
  deaths: Schema.Int,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `the pool has stopped: ${this.deaths} threads of ${this.file} died early, the last of: ${messageOf(this.cause)}`
  }
}

/**
 * The result does not fit the task's Schema, or holds a value that cannot be copied back.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidResult extends Schema.TaggedError<InvalidResult>()("InvalidResult", {
  task: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `the result of ${this.task} was refused: ${messageOf(this.cause)}`
  }
}

/**
 * `capacity` tasks wait already, and the pool's strategy is `fail`.
 *
 * @category errors
 * @since 0.1.0
 */
export class QueueFull extends Schema.TaggedError<QueueFull>()("QueueFull", {
  task: Schema.String,
  capacity: Schema.Int,
}) {
  override get message(): string {
    return `${this.task} was refused: ${this.capacity} tasks wait already`
  }
}

/**
 * The task was dropped from the full queue, as the pool's strategy says.
 *
 * @category errors
 * @since 0.1.0
 */
export class Dropped extends Schema.TaggedError<Dropped>()("Dropped", {
  task: Schema.String,
  capacity: Schema.Int,
}) {
  override get message(): string {
    return `${this.task} was dropped: more than ${this.capacity} tasks waited`
  }
}

/**
 * The task took longer than the pool's `taskTimeout`, its time in the queue included.
 *
 * @category errors
 * @since 0.1.0
 */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", {
  task: Schema.String,
  millis: Schema.Finite,
}) {
  override get message(): string {
    return `${this.task} took longer than ${this.millis} ms`
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
    TaskNotServed,
    GaveUp,
    InvalidResult,
    QueueFull,
    Dropped,
    TimedOut,
    PoolClosed,
  ]),
}) {
  override get message(): string {
    return this.reason.message
  }
}
