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
 * The child was not forked with our pipe, or the pipe has a channel already: there is one for each
 * child.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoPipe extends Schema.TaggedError<NoPipe>()("NoPipe", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.detail}: call cluster.setupPrimary(ProcessChannel.clusterSettings()) first, then cluster.fork(ProcessChannel.clusterEnv()) for each worker, and open one channel to it`
  }
}

/**
 * The peer sends what is not our protocol, or more than it may: the channel is closed, and this
 * process goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProtocolViolation extends Schema.TaggedError<ProtocolViolation>()(
  "ProtocolViolation",
  { detail: Schema.String },
) {
  override get message(): string {
    return `broke the protocol and was cut off: ${this.detail}`
  }
}

/**
 * A message is larger than the channel's limit. It was not sent; the channel goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class MessageTooLarge extends Schema.TaggedError<MessageTooLarge>()("MessageTooLarge", {
  bytes: Schema.Finite,
  limit: Schema.Finite,
}) {
  override get message(): string {
    return `cannot be sent a message of ${this.bytes} bytes: the limit is ${this.limit} (maxMessageBytes)`
  }
}

/**
 * Nobody at the peer has served calls of this name within the deadline.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotServed extends Schema.TaggedError<NotServed>()("NotServed", {
  name: Schema.String,
}) {
  override get message(): string {
    return `does not serve ${JSON.stringify(this.name)}: call Ipc.serve there, with the same name`
  }
}

/**
 * The payload of a call does not fit its Schema, or the answer does not.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMessage extends Schema.TaggedError<InvalidMessage>()("InvalidMessage", {
  call: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return this.cause instanceof Error ? this.cause.message : String(this.cause)
  }
}

/**
 * Why a channel ended.
 *
 * @category models
 * @since 0.1.0
 */
export const CloseReason = Schema.Union([
  PeerExited,
  PeerDisconnected,
  ChannelClosed,
  ProtocolViolation,
])

/** @since 0.1.0 */
export type CloseReason = typeof CloseReason.Type

/**
 * The failure of everything in this package. `peer` names the other side (`process 4711`,
 * `thread 3`), `call` the rpc where there is one, `reason` says what happened. Handle a case with
 * `Effect.catchReason("IpcError", "PeerExited", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class IpcError extends Schema.TaggedError<IpcError>()("IpcError", {
  peer: Schema.String,
  call: Schema.optionalKey(Schema.String),
  reason: Schema.Union([
    ...CloseReason.members,
    SpawnFailed,
    NoPipe,
    NotSerializable,
    MessageTooLarge,
    NotServed,
    InvalidMessage,
    NoParent,
  ]),
}) {
  override get message(): string {
    if (this.reason._tag === "InvalidMessage") {
      const { call, cause } = this.reason
      return `the call ${call} was refused: ${cause instanceof Error ? cause.message : String(cause)}`
    }
    const during = this.call === undefined ? "" : ` (call ${this.call})`
    return `${this.peer} ${this.reason.message}${during}`
  }
}
