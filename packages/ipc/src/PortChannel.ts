/**
 * Channels between threads, over `MessagePort`. Values cross by structured clone, transferred
 * buffers move, a `SharedArrayBuffer` is shared.
 *
 * Starts and stops no thread: whoever made the Worker does. Closing a channel posts one last
 * message that says so, which ends the other side's channel and lets an idle thread exit.
 *
 * @since 0.1.0
 */
import {
  type MessagePort,
  parentPort,
  threadId,
  type Transferable,
  type Worker,
} from "node:worker_threads"

import { Effect, type Scope } from "effect"

import type { Channel } from "./Channel.ts"
import { makeChannel, type Wire, type WireEvents } from "./internal/makeChannel.ts"
import { IpcError, NoParent, NotSerializable, PeerDisconnected, PeerExited } from "./IpcError.ts"

const goodbye = "@manycore/ipc:close"

/** Calls `onClose` for the peer's goodbye, and `onMessage` for everything else. */
const receiver =
  ({ onClose, onMessage }: WireEvents) =>
  (message: unknown) => {
    if (message === goodbye) onClose(new PeerDisconnected())
    else onMessage(message)
  }

const post =
  (
    peer: string,
    port: { postMessage: (value: unknown, transfer: Array<Transferable>) => void },
  ): Wire["post"] =>
  (frame, transfer) =>
    Effect.try({
      try: () => port.postMessage(frame, transfer === undefined ? [] : [...transfer]),
      catch: (cause) => new IpcError({ peer, reason: new NotSerializable({ cause }) }),
    })

/**
 * A channel to a worker thread. It ends with `PeerExited` when the thread does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromWorker = (worker: Worker): Effect.Effect<Channel, never, Scope.Scope> => {
  const peer = `thread ${worker.threadId}`
  return makeChannel({
    peer,
    post: post(peer, worker),
    listen: (events) => {
      let cause: unknown
      const onMessage = receiver(events)
      const onError = (error: unknown) => {
        cause = error
      }
      const onExit = (exitCode: number) =>
        events.onClose(
          new PeerExited({ exitCode, signal: null, ...(cause === undefined ? {} : { cause }) }),
        )
      worker.on("message", onMessage)
      worker.on("error", onError)
      worker.once("exit", onExit)
      return () => {
        worker.off("message", onMessage)
        worker.off("exit", onExit)
      }
    },
    close: () => worker.postMessage(goodbye),
  })
}

/**
 * A channel over one end of a `MessageChannel`. The port is closed with the Scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPort = (port: MessagePort): Effect.Effect<Channel, never, Scope.Scope> =>
  makeChannel({
    peer: "port",
    post: post("port", port),
    listen: (events) => {
      const onMessage = receiver(events)
      const onClose = () => events.onClose(new PeerDisconnected())
      port.on("message", onMessage)
      port.once("close", onClose)
      return () => {
        port.off("message", onMessage)
        port.off("close", onClose)
        port.close()
      }
    },
    close: () => port.postMessage(goodbye),
  })

/**
 * The channel to the thread that started this one. Fails with `NoParent` on a main thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent: Effect.Effect<Channel, IpcError, Scope.Scope> = Effect.suspend(() => {
  const port = parentPort
  if (port === null) {
    return Effect.fail(new IpcError({ peer: "parent thread", reason: new NoParent() }))
  }
  const peer = `parent of thread ${threadId}`
  return makeChannel({
    peer,
    post: post(peer, port),
    listen: (events) => {
      const onMessage = receiver(events)
      port.on("message", onMessage)
      return () => {
        port.off("message", onMessage)
        port.unref()
      }
    },
    close: () => port.postMessage(goodbye),
  })
})
