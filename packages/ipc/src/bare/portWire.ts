/**
 * Wires between threads, over a `MessagePort` or a `Worker`. Values cross by structured clone,
 * transferred buffers move, a `SharedArrayBuffer` is shared. What others post on the same port
 * passes by.
 *
 * @since 0.1.0
 */
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  threadId,
  type Transferable,
  type Worker,
} from "node:worker_threads"

import { mark, type Wire, type WireEvents } from "./Wire.ts"

interface Postable {
  postMessage(value: unknown, transfer?: Array<Transferable>): void
  ref(): void
  unref(): void
}

const write =
  (port: Postable): Wire["write"] =>
  (batch, transfer, isText) => {
    if (isText) port.postMessage(JSON.stringify(batch))
    else if (transfer === undefined) port.postMessage(batch)
    else port.postMessage(batch, [...transfer])
    return 0
  }

/** How a batch begins that crosses as text: a string is copied faster than the objects it stands for. */
const textStart = `["${mark}",`

/** What a port got: a batch of ours, or somebody else's message as it is. */
const read = (message: unknown): unknown => {
  if (typeof message !== "string" || !message.startsWith(textStart)) return message
  try {
    return JSON.parse(message)
  } catch {
    return message
  }
}

const setRef =
  (port: Postable): Wire["setRef"] =>
  (ref) => {
    if (ref) port.ref()
    else port.unref()
  }

const unreadable = (error: unknown) =>
  ({
    _tag: "ProtocolViolation",
    detail: `a message that cannot be read: ${error instanceof Error ? error.message : String(error)}`,
  }) as const

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

/** To a thread that this one started. Ends with `PeerExited`. */
export const workerWire = (worker: Worker): Wire => {
  let stop: (() => void) | undefined
  return {
    peer: `thread ${worker.threadId}`,
    copiesNatives: true,
    moves: true,
    open: ({ onBatch, onClose }: WireEvents) => {
      const causes = causesOf(worker)
      const onMessage = (message: unknown) => onBatch(read(message), 0)
      const onMessageError = (error: unknown) => onClose(unreadable(error))
      const onExit = (exitCode: number | null) =>
        onClose({ _tag: "PeerExited", exitCode, signal: null, ...causes })
      worker.on("message", onMessage)
      worker.on("messageerror", onMessageError)
      worker.once("exit", onExit)
      stop = () => {
        worker.off("message", onMessage)
        worker.off("messageerror", onMessageError)
        worker.off("exit", onExit)
      }
      // It has exited already, and nobody knows with which code.
      if (worker.threadId === -1) onExit(null)
    },
    write: write(worker),
    close: () => stop?.(),
    setRef: setRef(worker),
  }
}

/** Over one end of a `MessageChannel`; `close` closes the port. */
export const portWire = (port: MessagePort, peer = "port", closesPort = true): Wire => {
  let stop: (() => void) | undefined
  let poll: (() => boolean) | undefined
  return {
    peer,
    copiesNatives: true,
    moves: true,
    open: ({ onBatch, onClose }: WireEvents) => {
      const onMessage = (message: unknown) => onBatch(read(message), 0)
      const onMessageError = (error: unknown) => onClose(unreadable(error))
      poll = () => {
        let received: { readonly message: unknown } | undefined
        try {
          received = receiveMessageOnPort(port)
        } catch (error) {
          onMessageError(error)
        }
        if (received !== undefined) onMessage(received.message)
        return received !== undefined
      }
      const onPortClose = () => onClose({ _tag: "PeerDisconnected" })
      port.on("message", onMessage)
      port.on("messageerror", onMessageError)
      port.once("close", onPortClose)
      stop = () => {
        port.off("message", onMessage)
        port.off("messageerror", onMessageError)
        port.off("close", onPortClose)
        poll = undefined
        if (closesPort) port.close()
        else port.unref()
      }
    },
    poll: () => poll?.() === true,
    write: write(port),
    close: () => stop?.(),
    setRef: setRef(port),
  }
}

/** To the thread that started this one; undefined on a main thread. */
export const parentThreadWire = (): Wire | undefined =>
  parentPort === null ? undefined : portWire(parentPort, `parent of thread ${threadId}`, false)
