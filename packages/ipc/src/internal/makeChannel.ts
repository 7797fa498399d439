/**
 * A Channel over anything that posts values and hands in what it receives. Owns the marking of our
 * messages, the sorting by subject and the single close reason; the transports own descriptors,
 * ports and exit codes.
 */
import type { Transferable } from "node:worker_threads"

import { Deferred, Effect, Queue } from "effect"

import type { Channel } from "../Channel.ts"
import { ChannelClosed, type CloseReason, IpcError, PeerDisconnected } from "../IpcError.ts"

/** Says that a message is ours; the number is the version of the frame. */
const mark = "@manycore/ipc:1"

/** The subject of the last frame, with which a peer that lives on says that its channel has ended. */
const goodbye = "@manycore/ipc:goodbye"

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
}

export interface WireEvents {
  readonly onMessage: (message: unknown) => void
  readonly onClose: (reason: CloseReason) => void
}

export const makeChannel = Effect.fnUntraced(function* (wire: Wire) {
  const closed = Deferred.makeUnsafe<CloseReason>()
  let closeReason: CloseReason | undefined
  const subscribers = new Map<string, Set<Queue.Queue<unknown>>>()
  /** What arrived before anybody asked for its subject. */
  const early = new Map<string, Array<unknown>>()

  const onFrame = ([, subject, message]: Frame) => {
    const queues = subscribers.get(subject)
    if (queues !== undefined) {
      for (const queue of queues) Queue.offerUnsafe(queue, message)
      return
    }
    const waiting = early.get(subject)
    if (waiting === undefined) early.set(subject, [message])
    else waiting.push(message)
  }

  const subscribe = Effect.fnUntraced(function* (subject: string) {
    const queue = yield* Queue.unbounded<unknown>()
    const queues = subscribers.get(subject) ?? new Set()
    subscribers.set(subject, queues.add(queue))
    for (const message of early.get(subject) ?? []) Queue.offerUnsafe(queue, message)
    early.delete(subject)
    return queue
  })

  const unsubscribe = (subject: string, queue: Queue.Queue<unknown>) => {
    const queues = subscribers.get(subject)
    queues?.delete(queue)
    if (queues?.size === 0) subscribers.delete(subject)
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
          if (message[1] === goodbye) onClose(new PeerDisconnected())
          else onFrame(message)
        },
        onClose,
      }),
    ),
    (stop) =>
      Effect.suspend(() => {
        const farewell =
          closeReason === undefined ? wire.post([mark, goodbye, null], undefined) : Effect.void
        onClose(new ChannelClosed())
        return Effect.andThen(Effect.ignore(farewell), Effect.sync(stop))
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
      Effect.acquireRelease(subscribe(subject), (queue) =>
        Effect.sync(() => unsubscribe(subject, queue)),
      ),
    closed: Deferred.await(closed),
  }
  return channel
})
