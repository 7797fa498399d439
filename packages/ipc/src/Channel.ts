/**
 * A two-way channel of messages to one peer: what `ProcessChannel` and `PortChannel` make and what
 * `RpcTransport` and `Ipc` stand on.
 *
 * A message has a subject, so several conversations share one channel and messages that are not
 * ours pass by untouched. A channel starts nothing. It ends when the peer goes, or when its Scope
 * closes; both are told through `closed`, once, with the reason.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import type { Effect, Queue, Scope } from "effect"

import type { CloseReason, IpcError } from "./IpcError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Channel {
  /** The other side, as errors name it: `process 4711`, `thread 3`, `parent process 42`. */
  readonly peer: string

  /**
   * Send one message: anything that structured clone copies. Suspends while the operating system's
   * pipe is full. `transfer` moves buffers instead of copying them, between threads only.
   *
   * Fails with `NotSerializable` for what cannot be copied, and with the close reason once the
   * channel has ended.
   */
  readonly send: (
    subject: string,
    message: unknown,
    transfer?: ReadonlyArray<Transferable>,
  ) => Effect.Effect<void, IpcError>

  /**
   * The messages of one subject, in the order they were sent. Each subscriber gets all of them from
   * now on; the first one also what arrived before anybody subscribed.
   */
  readonly subscribe: (subject: string) => Effect.Effect<Queue.Dequeue<unknown>, never, Scope.Scope>

  /** Waits until the channel has ended and tells why. */
  readonly closed: Effect.Effect<CloseReason>
}
