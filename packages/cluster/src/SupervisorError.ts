/**
 * What can go wrong with a supervisor, as one error with a reason for each case that a caller would
 * treat differently.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

import * as Worker from "./Worker.ts"

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
 * A worker failed before every worker had been ready once, or before the new ones of a `scale` or
 * `restart` were. At the start all were stopped; after `scale` the new ones. `failure.report` is the
 * worker's own word where it could give one, with its code, such as `EADDRINUSE`.
 *
 * @category errors
 * @since 0.1.0
 */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  /** The worker's place. */
  id: Schema.Int,
  failure: Worker.Failure,
}) {
  override get message(): string {
    const { exitCode, fault, report } = this.failure
    if (report !== null) {
      // A sentence of our own needs no other around it.
      return report.sentence === report.message
        ? `a worker failed before it was ready: ${report.sentence}`
        : report.sentence
    }
    const what = `a worker ${Worker.describe(this.failure)}`
    if (fault !== null) return what
    return exitCode === 0
      ? `${what} before it was ready: for a program that does its work and ends, ready is "spawned"`
      : `${what} before it was ready; its output says why`
  }
}

/**
 * The new code did not get ready: it crashed, or missed its deadline. The new workers were ended, the
 * old ones go on.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReloadFailed extends Schema.TaggedError<ReloadFailed>()("ReloadFailed", {
  /** The place of the new worker that failed. */
  id: Schema.Int,
  failure: Worker.Failure,
}) {
  override get message(): string {
    const { fault, report } = this.failure
    const hint = fault === null ? "; its output says why" : ""
    const what =
      report === null ? `${Worker.describe(this.failure)}${hint}` : `failed: ${report.sentence}`
    return `the reload failed, the old workers go on: a new worker ${what}`
  }
}

/**
 * Every worker crashed early too often; nobody serves. `restart` begins anew.
 *
 * @category errors
 * @since 0.1.0
 */
export class GaveUp extends Schema.TaggedError<GaveUp>()("GaveUp", {
  /** The last crash, as one sentence. */
  detail: Schema.String,
}) {
  override get message(): string {
    return `gave up, workers crash too often: ${this.detail}`
  }
}

/**
 * The supervisor stops or has stopped, so it does nothing else any more.
 *
 * @category errors
 * @since 0.1.0
 */
export class Stopping extends Schema.TaggedError<Stopping>()("Stopping", {}) {
  override get message(): string {
    return "the supervisor is stopping"
  }
}

/**
 * There is no worker with this id, or none of it that can be asked.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownWorker extends Schema.TaggedError<UnknownWorker>()("UnknownWorker", {
  id: Schema.Int,
}) {
  override get message(): string {
    return `there is no worker ${this.id}`
  }
}

/**
 * There is no group of workers with this name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownGroup extends Schema.TaggedError<UnknownGroup>()("UnknownGroup", {
  group: Schema.String,
}) {
  override get message(): string {
    return `there is no group of workers ${JSON.stringify(this.group)}`
  }
}

/**
 * This system has not what it takes: signals that a program can handle. `platform` is Node's name of it,
 * such as `win32`.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", {
  platform: Schema.String,
}) {
  override get message(): string {
    return `a supervisor runs on Linux and macOS, not on ${this.platform}: run it in WSL or in a container`
  }
}

/**
 * The failure of everything in this package.
 *
 * @category errors
 * @since 0.1.0
 */
export class SupervisorError extends Schema.TaggedError<SupervisorError>()("SupervisorError", {
  reason: Schema.Union([
    ProgramNotFound,
    InvalidOption,
    NotAlone,
    StartFailed,
    ReloadFailed,
    GaveUp,
    Stopping,
    UnknownWorker,
    UnknownGroup,
    Unsupported,
  ]),
}) {
  override get message(): string {
    return this.reason.message
  }
}
