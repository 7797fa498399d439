/**
 * What can go wrong between two peers, as one error with a reason for each case that a caller would
 * treat differently.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The peer ended. A process has an exit code or a signal; a thread has an exit code and, when an
 * uncaught error ended it, that error as `cause`.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerExited extends Schema.TaggedError<PeerExited>()("PeerExited", {
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  cause: Schema.optionalKey(Schema.Defect()),
}) {
  override get message(): string {
    const how =
      this.signal === null ? `exited with code ${this.exitCode}` : `was ended by ${this.signal}`
    return this.cause instanceof Error ? `${how}: ${this.cause.message}` : how
  }
}

/**
 * The peer closed its end of the channel and, as far as we know, still runs.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerDisconnected extends Schema.TaggedError<PeerDisconnected>()(
  "PeerDisconnected",
  {},
) {
  override get message(): string {
    return "closed the channel"
  }
}

/**
 * This side closed the channel.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChannelClosed extends Schema.TaggedError<ChannelClosed>()("ChannelClosed", {}) {
  override get message(): string {
    return "is out of reach: this side closed the channel"
  }
}

/**
 * The peer could not be started.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpawnFailed extends Schema.TaggedError<SpawnFailed>()("SpawnFailed", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `could not be started: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/**
 * A message holds a value that cannot be copied to the peer, such as a function.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotSerializable extends Schema.TaggedError<NotSerializable>()("NotSerializable", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `cannot be sent this message: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/**
 * This process or thread has no parent to talk to: nobody forked it with a channel.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoParent extends Schema.TaggedError<NoParent>()("NoParent", {}) {
  override get message(): string {
    return "does not exist: start this file with ProcessChannel.fork or as a worker thread"
  }
}

/**
 * Why a channel ended.
 *
 * @category models
 * @since 0.1.0
 */
export const CloseReason = Schema.Union([PeerExited, PeerDisconnected, ChannelClosed])

/** @since 0.1.0 */
export type CloseReason = typeof CloseReason.Type

/**
 * The failure of everything in this package. `peer` names the other side (`process 4711`,
 * `thread 3`); `reason` says what happened. Handle a case with
 * `Effect.catchReason("IpcError", "PeerExited", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class IpcError extends Schema.TaggedError<IpcError>()("IpcError", {
  peer: Schema.String,
  reason: Schema.Union([...CloseReason.members, SpawnFailed, NotSerializable, NoParent]),
}) {
  override get message(): string {
    return `${this.peer} ${this.reason.message}`
  }
}
