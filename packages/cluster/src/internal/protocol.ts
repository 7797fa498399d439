/**
 * What primary and preload say to each other on the pipe. Plain arrays, free of Effect; what arrives
 * is checked, because a worker may say anything.
 */
import type { Readiness } from "../Readiness.ts"
import type * as Worker from "../Worker.ts"

/** Lines of the Link: from the worker up to the primary, and down. */
export const up = "@manycore/cluster:up"
export const down = "@manycore/cluster:down"

export interface Config {
  /** Connections are handed over by us, not by node:cluster. */
  readonly handsOver: boolean
  readonly ready: Readiness
  /** ms */
  readonly lameDuck: number
  /** ms */
  readonly drainTimeout: number
  /** ms */
  readonly killTimeout: number
}

/** Node's IPC message that carries a connection. The prefix hides it from the program. */
export const connectionCommand = "NODE_MANYCORE_CONNECTION"

/** Where the acknowledgement of its handle, which is Node's own, carries the answer. */
export const answerKey = "manycore"

/** Carries the answer where Node's acknowledgement does not. */
export const answerCommand = "NODE_MANYCORE_ANSWER"

export interface Answer {
  readonly id: number
  readonly isTaken: boolean
  /** How many connections were closed since the last one. */
  readonly closed: number
}

/** What a server wants to listen on, as node:cluster puts it. */
export interface ListenRequest {
  readonly address: string | null
  /** -1 for a path. */
  readonly port: number
  readonly addressType: number | string
  readonly fd: number
  readonly flags: number
  readonly backlog: number
  /** Which listen on port 0 of this worker it is. */
  readonly index: number
  /** Keys of TLS session tickets, which all workers must share. */
  readonly data: unknown
}

export type Up =
  | readonly ["ready"]
  /** The port, where there is one. */
  | readonly ["listening", number | null]
  | readonly ["listen", id: number, request: ListenRequest]
  /** The server of that listen is closed. */
  | readonly ["close", id: number]
  /** So many connections that were handed over are closed. */
  | readonly ["closed", count: number]
  | readonly ["drained"]
  /** Somebody else told it to stop. */
  | readonly ["leaving"]
  | readonly ["crashed", Worker.Report]
  | readonly ["pong", id: number, requests: number | null]

export type Down =
  /** Nothing comes any more; so many connections were handed over in all. */
  | readonly ["drain", handed: number]
  /** The time is up, or there is nothing to finish: run what is to run, and go. */
  | readonly ["end", signal: string]
  | readonly ["ping", id: number]
  /** A signal that a worker would otherwise take for one of its group. */
  | readonly ["signal", "SIGINT"]
  /** `errno` is 0, or Node's negative number. */
  | readonly ["listened", id: number, errno: number, sockname: object | null, data: unknown]

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const isInt = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value)

const readListen = (value: unknown): ListenRequest | undefined => {
  if (!isRecord(value)) return undefined
  const { address, addressType, backlog, data, fd, flags, index, port } = value
  const isValid =
    (address === null || typeof address === "string") &&
    isInt(port) &&
    (typeof addressType === "string" || isInt(addressType)) &&
    isInt(fd) &&
    isCount(flags) &&
    isCount(backlog) &&
    isCount(index)
  return isValid ? { address, port, addressType, fd, flags, backlog, index, data } : undefined
}

/** Whether Node says with it that a handle has arrived, or has not. */
export const isAcknowledgement = (
  message: unknown,
): message is { readonly cmd: "NODE_HANDLE_ACK" | "NODE_HANDLE_NACK" } =>
  isRecord(message) &&
  (message["cmd"] === "NODE_HANDLE_ACK" || message["cmd"] === "NODE_HANDLE_NACK")

/** The answer to a connection; undefined for a message that carries none. */
export const readAnswer = (message: unknown): Answer | undefined => {
  const answer = isRecord(message) ? message[answerKey] : undefined
  if (!isRecord(answer)) return undefined
  const { closed, id, isTaken } = answer
  return isCount(id) && isCount(closed) && typeof isTaken === "boolean"
    ? { id, isTaken, closed }
    : undefined
}

/** What a worker says of its end is kept for whoever listens: no more than a person reads. */
const longest = 16 * 1024

const greatestPort = 65_535

const text = (value: unknown) => (typeof value === "string" ? value.slice(0, longest) : "")

const readReport = (value: unknown): Worker.Report | undefined =>
  isRecord(value)
    ? {
        name: text(value["name"]),
        message: text(value["message"]),
        stack: text(value["stack"]),
        code: typeof value["code"] === "string" ? text(value["code"]) : null,
        sentence: text(value["sentence"]),
      }
    : undefined

/** What a worker said; undefined for what no preload says. */
export const readUp = (body: unknown): Up | undefined => {
  if (!Array.isArray(body)) return undefined
  const [kind, first, second]: ReadonlyArray<unknown> = body
  switch (kind) {
    case "ready":
    case "drained":
    case "leaving": {
      return [kind]
    }
    case "listening": {
      return [kind, isCount(first) && first <= greatestPort ? first : null]
    }
    case "listen": {
      const request = readListen(second)
      return isCount(first) && request !== undefined ? [kind, first, request] : undefined
    }
    case "close":
    case "closed": {
      return isCount(first) ? [kind, first] : undefined
    }
    case "crashed": {
      const report = readReport(first)
      return report === undefined ? undefined : [kind, report]
    }
    case "pong": {
      return isCount(first) ? [kind, first, isCount(second) ? second : null] : undefined
    }
    default: {
      return undefined
    }
  }
}

/** What the primary said; it is ours, so only its shape is looked at. */
export const readDown = (body: unknown): Down | undefined => {
  if (!Array.isArray(body)) return undefined
  const [kind, first, second, third, fourth]: ReadonlyArray<unknown> = body
  switch (kind) {
    case "drain": {
      return [kind, isCount(first) ? first : 0]
    }
    case "end": {
      return [kind, text(first)]
    }
    case "signal": {
      return [kind, "SIGINT"]
    }
    case "ping": {
      return isCount(first) ? [kind, first] : undefined
    }
    case "listened": {
      if (!isCount(first) || !isInt(second)) return undefined
      return [kind, first, second, isRecord(third) ? third : null, fourth]
    }
    default: {
      return undefined
    }
  }
}
