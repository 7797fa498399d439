/** What is passed, how it can fail, and both directions as a value: `Handle` exports all of it. */
import type * as Net from "node:net"

import { type Duration, type Effect, Schema, type Scope, type Stream } from "effect"

import { CloseReason, NoParent } from "../IpcError.ts"

/**
 * What can be passed.
 *
 * @category models
 * @since 0.1.0
 */
export type Handle = Net.Socket | Net.Server

/**
 * The receiver ended, or closed the channel, before it took the handle. The handle is the sender's
 * again.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandleReturned extends Schema.TaggedError<HandleReturned>()("HandleReturned", {
  reason: CloseReason,
}) {
  override get message(): string {
    return `${this.reason.message} before it took the handle, which came back`
  }
}

/**
 * The receiver runs and did not take the handle: `NotListening`, it has not begun to receive at all
 * and was sent nothing; `NotTaken`, nobody asked for it before the deadline; `InvalidMessage`, the
 * message does not fit the receiver's Schema. The handle is the sender's again.
 *
 * @category errors
 * @since 0.1.0
 */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  why: Schema.Literals(["NotListening", "NotTaken", "InvalidMessage"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `did not take the handle: ${this.detail}`
  }
}

/**
 * Something was read from the socket or is being read, or something written is not sent yet: it
 * would be lost on the way. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotPaused extends Schema.TaggedError<NotPaused>()("NotPaused", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this socket: ${this.detail} (pauseOnConnect)`
  }
}

/**
 * This side has no open handle to pass: it is closed, does not listen, is not connected yet, or is
 * under way already. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotOpen extends Schema.TaggedError<NotOpen>()("NotOpen", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this handle: ${this.detail}`
  }
}

/**
 * There is no peer, or there is none any more. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerGone extends Schema.TaggedError<PeerGone>()("PeerGone", {
  reason: Schema.Union([...CloseReason.members, NoParent]),
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * Neither Linux nor macOS, or a handle that no process can get from another: TLS, a unix server, the
 * server of a `node:cluster` worker. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this handle: ${this.detail}`
  }
}

/**
 * The message cannot be encoded with its Schema, or holds what cannot be copied. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMessage extends Schema.TaggedError<InvalidMessage>()("InvalidMessage", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `cannot be sent this message: ${
      this.cause instanceof Error ? this.cause.message : String(this.cause)
    }`
  }
}

/**
 * The failure of everything in this module. `peer` names the other side. After a failed `send` the
 * handle belongs to the sender, whatever the reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandleError extends Schema.TaggedError<HandleError>()("HandleError", {
  peer: Schema.String,
  reason: Schema.Union([
    HandleReturned,
    Refused,
    NotPaused,
    NotOpen,
    PeerGone,
    Unsupported,
    InvalidMessage,
  ]),
}) {
  override get message(): string {
    return `${this.peer} ${this.reason.message}`
  }
}

export type Reason = HandleError["reason"]

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Separates several kinds of handles on one channel. Both sides say the same. Default `"handle"`. */
  readonly name?: string
  /**
   * For `send`: how long the peer may take until it receives at all, and then again until somebody
   * takes this handle. Default 5 seconds.
   */
  readonly timeout?: Duration.Input
}

/**
 * A handle that arrived, with its message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received<A> {
  readonly message: A
  readonly handle: Handle
}

/**
 * Both directions between this process and one peer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handles<A> {
  /** The other side, as errors name it. */
  readonly peer: string

  /**
   * Pass a handle. Succeeds when the receiver took it, and this side's is closed. Interrupted before
   * it left, nothing happened; after that it waits for the outcome, at most `timeout`.
   */
  readonly send: (message: A, handle: Handle) => Effect.Effect<void, HandleError>

  /**
   * The handles that the peer passes, each taken when it is pulled. What is not pulled before the
   * sender's deadline goes back to it; so does one whose message does not fit the Schema. Streams of
   * one name share what arrives. Fails with `PeerGone` when the peer goes. What it gave is destroyed,
   * if still open, when the Scope closes. A pull that is interrupted between taking a handle and
   * having it closes that handle.
   */
  readonly receive: Stream.Stream<Received<A>, HandleError, Scope.Scope>
}
