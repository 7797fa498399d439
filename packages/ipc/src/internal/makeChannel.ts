/**
 * A Channel over anything that posts values and hands in what it receives. Owns the marking of our
 * messages, the sorting by subject and the single close reason; the transports own descriptors,
 * ports and exit codes.
 */
import type { Transferable } from "node:worker_threads"

import { Deferred, Effect, Queue } from "effect"

import type { Channel } from "../Channel.ts"
import { ChannelClosed, type CloseReason, IpcError } from "../IpcError.ts"

/** Says that a message is ours; the number is the version of the frame. */
const mark = "@manycore/ipc:1"

type Frame = readonly [mark: string, subject: string, message: unknown]

const isFrame = (value: unknown): value is Frame =>
  Array.isArray(value) && value.length === 3 && value[0] === mark && typeof value[1] === "string"

export interface Wire {
  readonly peer: string
  /** Hand one frame to the transport; fails only with what it threw. */
  readonly post: (
    frame: Frame,
    transfer: ReadonlyArray<Transferable> | undefined,
  ) => Effect.Effect<void, IpcError>
  /** Start listening; the returned function stops it. */
  readonly listen: (events: WireEvents) => () => void
  /** Tell the peer that we go. */
  readonly close: () => void
}

export interface WireEvents {
  readonly onMessage: (message: unknown) => void
  readonly onClose: (reason: CloseReason) => void
}

export const makeChannel = Effect.fnUntraced(function* (wire: Wire) {
  const closed = Deferred.makeUnsafe<CloseReason>()
  let closeReason: CloseReason | undefined
  const inboxes = new Map<string, Queue.Queue<unknown>>()

  const runSync = Effect.runSyncWith(yield* Effect.context())
  const inbox = (subject: string) => {
    let queue = inboxes.get(subject)
    if (queue === undefined) {
      queue = runSync(Queue.unbounded<unknown>())
      inboxes.set(subject, queue)
    }
    return queue
  }

  const onClose = (reason: CloseReason) => {
    closeReason ??= reason
    Deferred.doneUnsafe(closed, Effect.succeed(closeReason))
  }

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      wire.listen({
        onMessage: (message) => {
          if (!isFrame(message)) return
          Queue.offerUnsafe(inbox(message[1]), message[2])
        },
        onClose,
      }),
    ),
    (stop) =>
      Effect.sync(() => {
        const open = closeReason === undefined
        onClose(new ChannelClosed())
        if (open) wire.close()
        stop()
      }),
  )

  const channel: Channel = {
    peer: wire.peer,
    send: (subject, message, transfer) =>
      Effect.suspend(() =>
        closeReason === undefined
          ? wire.post([mark, subject, message], transfer)
          : Effect.fail(new IpcError({ peer: wire.peer, reason: closeReason })),
      ),
    subscribe: (subject) =>
      Effect.acquireRelease(
        Effect.sync(() => inbox(subject)),
        (queue) =>
          Effect.sync(() => {
            if (inboxes.get(subject) === queue) inboxes.delete(subject)
          }),
      ),
    closed: Deferred.await(closed),
  }
  return channel
})
