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
import { makeChannel, type Wire } from "./internal/makeChannel.ts"
import { IpcError, NoParent, NotSerializable, PeerDisconnected, PeerExited } from "./IpcError.ts"

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

interface Causes {
  cause?: unknown
}

const knownCauses = new WeakMap<Worker, Causes>()

/** The uncaught error that ends a thread is told before its exit; one listener for each thread. */
const causesOf = (worker: Worker): Causes => {
  const known = knownCauses.get(worker)
  if (known !== undefined) return known
  const causes: Causes = {}
  knownCauses.set(worker, causes)
  worker.on("error", (error) => {
    causes.cause = error
  })
  return causes
}

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
    listen: ({ onClose, onMessage }) => {
      const causes = causesOf(worker)
      const onExit = (exitCode: number) =>
        onClose(new PeerExited({ exitCode, signal: null, ...causes }))
      worker.on("message", onMessage)
      worker.once("exit", onExit)
      // It has exited already, and nobody knows with which code.
      if (worker.threadId === -1)
        onClose(new PeerExited({ exitCode: null, signal: null, ...causes }))
      return () => {
        worker.off("message", onMessage)
        worker.off("exit", onExit)
      }
    },
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
    listen: ({ onClose, onMessage }) => {
      const onPortClose = () => onClose(new PeerDisconnected())
      port.on("message", onMessage)
      port.once("close", onPortClose)
      return () => {
        port.off("message", onMessage)
        port.off("close", onPortClose)
        port.close()
      }
    },
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
    listen: ({ onMessage }) => {
      port.on("message", onMessage)
      return () => {
        port.off("message", onMessage)
        port.unref()
      }
    },
  })
})
