/**
 * Connections that arrive on Node's IPC channel. Node acknowledges each handle before anybody has
 * seen it; our answer travels in that acknowledgement, one message where there would be two. On a Node
 * where that cannot be done, the answer is a message of its own.
 */
import {
  type Answer,
  answerCommand,
  answerKey,
  connectionCommand,
  isAcknowledgement,
} from "../internal/protocol.ts"

/** A TCP or Pipe handle of Node, as far as it is needed here. */
export interface RawHandle {
  readonly close: () => void
}

/** Which server a connection is for, and its number: each is greater than the one before. */
export interface Handed {
  readonly server: number
  readonly id: number
}

export interface Options {
  /** What to say to a connection that arrives; without its handle when that was lost on the way. */
  readonly answer: (handed: Handed, hasHandle: boolean) => Answer
  /** Called after its answer, in the order of the answers. */
  readonly arrived: (handed: Handed, connection: RawHandle) => void
}

/** An error of Node's channel is that of a primary that has gone; it must not reach the program. */
const swallowErrors: object = { swallowErrors: true }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const isHanded = (message: unknown): message is Handed =>
  isRecord(message) && message["cmd"] === connectionCommand

const isRawHandle = (handle: unknown): handle is RawHandle => isRecord(handle) && "close" in handle

/**
 * Lets what Node sends pass through `change`: its own way to send, past `process.send`, of which its
 * types say nothing. Does nothing where there is no such way.
 */
const changeSent = (change: (message: unknown) => unknown): void => {
  const send: unknown = Reflect.get(process, "_send")
  if (typeof send !== "function") return
  Reflect.set(process, "_send", (message: unknown, ...rest: ReadonlyArray<unknown>): unknown =>
    Reflect.apply(send, process, [change(message), ...rest]),
  )
}

export const install = (options: Options): void => {
  /** What Node acknowledges next. */
  let next: Handed | undefined
  /** Number of the last one that was answered. */
  let answered = 0
  const told = (handed: Handed, hasHandle: boolean) => {
    next = undefined
    answered = handed.id
    return { [answerKey]: options.answer(handed, hasHandle) }
  }
  const tellApart = (handed: Handed, hasHandle: boolean) => {
    if (!process.connected) return
    const answer = { cmd: answerCommand, ...told(handed, hasHandle) }
    process.send?.(answer, undefined, swallowErrors)
  }

  changeSent((message) =>
    next !== undefined && isAcknowledgement(message)
      ? { ...message, ...told(next, message.cmd === "NODE_HANDLE_ACK") }
      : message,
  )
  // Node's own listener, which acknowledges, stands between these two.
  process.prependListener("internalMessage", (message: unknown) => {
    if (!isRecord(message) || message["cmd"] !== "NODE_HANDLE") return
    if (isHanded(message["msg"])) next = message["msg"]
  })
  process.on("internalMessage", (message: unknown, handle: unknown) => {
    if (next !== undefined) return tellApart(next, isRawHandle(handle))
    if (!isHanded(message) || !isRawHandle(handle)) return
    if (message.id > answered) tellApart(message, true)
    options.arrived(message, handle)
  })
}
