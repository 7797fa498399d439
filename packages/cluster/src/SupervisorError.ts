/**
 * What can go wrong with a supervisor, as one error with a reason for each case that a caller would
 * treat differently.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * There is no such program.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProgramNotFound extends Schema.TaggedError<ProgramNotFound>()("ProgramNotFound", {
  file: Schema.String,
}) {
  override get message(): string {
    return `there is no program ${this.file}`
  }
}

/**
 * An option makes no sense.
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
 * node:cluster is global to a process, so a process holds one supervisor, and none inside a worker.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotAlone extends Schema.TaggedError<NotAlone>()("NotAlone", {
  where: Schema.Literals(["primary", "worker"]),
}) {
  override get message(): string {
    return this.where === "worker"
      ? "a cluster worker cannot supervise: start the supervisor in a process of its own"
      : "this process has a supervisor already: node:cluster allows one"
  }
}

/**
 * A worker ended before every worker had been ready once; all were stopped. `detail` is the worker's
 * own word, such as a port in use, where it could give one.
 *
 * @category errors
 * @since 0.1.0
 */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  detail: Schema.NullOr(Schema.String),
}) {
  override get message(): string {
    if (this.detail !== null) return this.detail
    const how = this.signal === null ? `exited with code ${this.exitCode}` : `got ${this.signal}`
    return `a worker ${how} before it was ready; its output says why`
  }
}

/**
 * The failure of everything in this package.
 *
 * @category errors
 * @since 0.1.0
 */
export class SupervisorError extends Schema.TaggedError<SupervisorError>()("SupervisorError", {
  reason: Schema.Union([ProgramNotFound, InvalidOption, NotAlone, StartFailed]),
}) {
  override get message(): string {
    return this.reason.message
  }
}
