/**
 * A two-way channel of messages to one peer, as an Effect value: what `ProcessChannel`,
 * `PortChannel` and `MemoryChannel` make, and what `RpcTransport` and `Ipc` stand on.
 *
 * A message has a subject, so several conversations share one channel, and messages that are not
 * ours pass by untouched. What is under way is bounded: `send` suspends while the window is full,
 * and a message is out of the window when it was taken. A channel starts nothing. It ends when the
 * peer goes, or when its Scope closes; both are told through `closed`, once, with the reason.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import { Effect, type Scope } from "effect"

import type { Link, LinkStats, Listener } from "./bare/Link.ts"
import * as overLink from "./internal/fromLink.ts"
import type { CloseReason, IpcError } from "./IpcError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Bytes that may be under way or not yet taken. Default 4 MiB. */
  readonly window?: number
  /**
   * No message may take more bytes. Default 64 MiB. To and from processes, what is not in buffers
   * of 16 KiB and more may take 16 MiB of it. Give both sides the same: over a pipe, a peer that gets
   * more than it allows cuts the channel off.
   */
  readonly maxMessageBytes?: number
}

/**
 * The messages of one subject, in the order they were sent. They fill the window until they are
 * taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subscription {
  /** The next message; suspends until there is one. Fails once the channel has ended and all that
   * had arrived was taken. */
  readonly take: Effect.Effect<unknown, IpcError>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Channel {
  /** The other side, as errors name it: `process 4711`, `thread 3`, `parent process 42`. */
  readonly peer: string

  /**
   * Send one message: anything that structured clone copies. Succeeds when it has been handed to
   * the transport; suspends while the window is full. `transfer` moves buffers instead of copying
   * them, between threads only. Do not change the message before `send` has succeeded.
   *
   * Subjects are names of conversations, not of messages: a peer cuts off who uses more than 16,000 in
   * the life of a channel, or one of more than 4,096 characters. A subject that ends in `<` is for
   * answers, which have a window of their own: a call that waits for room never holds them up. Groups of
   * this package use subjects that end in `.>`, `.<`, `:>` or `:<`, topics those that begin with `topic:`.
   *
   * Fails with `NotSerializable` or `MessageTooLarge` for this message alone, and with the close
   * reason once the channel has ended.
   */
  readonly send: (
    subject: string,
    message: unknown,
    transfer?: ReadonlyArray<Transferable>,
  ) => Effect.Effect<void, IpcError>

  /**
   * Listen to a subject. Each subscriber gets every message from now on; the first one also what
   * arrived before anybody subscribed.
   */
  readonly subscribe: (subject: string) => Effect.Effect<Subscription, never, Scope.Scope>

  /** Waits until the channel has ended and tells why. */
  readonly closed: Effect.Effect<CloseReason>

  /** What the channel has carried so far. */
  readonly stats: Effect.Effect<LinkStats>

  /** The same link without Effect, for code that cannot pay for an Effect per message. */
  readonly link: Link

  /**
   * Listen to a subject with a function; what it gets is consumed at once, unless it answers `false`:
   * then `link.consume(weight, subject)` does so later. Answers how to stop. For protocols that bound by
   * themselves what they hold.
   */
  readonly listen: (subject: string, listener: Listener) => () => void
}

/**
 * A channel over a link that exists already, such as one that speaks on other lines too. The link is
 * closed with the Scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromLink = (link: Link): Effect.Effect<Channel, never, Scope.Scope> =>
  overLink.fromLink(Effect.succeed(link))
