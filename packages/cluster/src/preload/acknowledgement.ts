/**
 * Connections that arrive on Node's IPC channel. Node acknowledges each handle before anybody has
 * seen it; our answer travels in that acknowledgement, one message where there would be two.
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

/** Which server a connection is for, and its number. */
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

export const install = (options: Options): void => {
  /** What Node acknowledges next. */
  let next: Handed | undefined
  const told = (handed: Handed, hasHandle: boolean) => {
    next = undefined
    return { [answerKey]: options.answer(handed, hasHandle) }
  }

  // Node's own way to send, past `process.send`: of which its types say nothing.
  const send: unknown = Reflect.get(process, "_send")
  if (typeof send === "function") {
    Reflect.set(process, "_send", (message: unknown, ...rest: ReadonlyArray<unknown>): unknown => {
      const said =
        next !== undefined && isAcknowledgement(message)
          ? { ...message, ...told(next, message.cmd === "NODE_HANDLE_ACK") }
          : message
      return Reflect.apply(send, process, [said, ...rest])
    })
  }

  process.prependListener("internalMessage", (message: unknown) => {
    if (!isRecord(message) || message["cmd"] !== "NODE_HANDLE") return
    if (isHanded(message["msg"])) next = message["msg"]
  })
  process.on("internalMessage", (message: unknown, connection: unknown) => {
    if (!isHanded(message)) return
    const hasHandle = isRawHandle(connection)
    // A Node that acknowledges in another way.
    if (next?.id === message.id && process.connected) {
      const answer = { cmd: answerCommand, ...told(message, hasHandle) }
      process.send?.(answer, undefined, swallowErrors)
    }
    if (hasHandle) options.arrived(message, connection)
  })
}
