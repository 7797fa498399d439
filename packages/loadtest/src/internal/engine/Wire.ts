/** The edge of the generator: bytes to and from a server, and time. Tests put their own here. */
import { performance } from "node:perf_hooks"

/** One connection that is open, or on its way to be. */
export interface Wire {
  readonly write: (bytes: Buffer) => void
  /** No event comes after it. */
  readonly destroy: () => void
}

/** How far a connection had come when it failed. */
export type Stage = "connecting" | "handshake" | "open"

/** Events of one connection, never from inside of `dial`, `write` or `destroy`. */
export interface Events {
  readonly connected: () => void
  /** The bytes are only there until this returns. */
  readonly bytes: (buffer: Buffer, size: number) => void
  /** The server has closed its side. */
  readonly ended: () => void
  readonly failed: (cause: unknown, stage: Stage) => void
}

/** Opens a connection to one of the plan's origins. */
export type Dial = (origin: number, events: Events) => Wire

export interface Clock {
  /** Monotonic, in ms. */
  readonly now: () => number
  /** For how many ms in all there was nothing to do. */
  readonly idle: () => number
  /** Calls after so many ms; answers with how to prevent it. */
  readonly after: (ms: number, call: () => void) => () => void
  /** Calls at a time, exactly: polls until then, which takes the whole core, but starves no event. */
  readonly poll: (time: number, call: () => void) => () => void
}

const poll: Clock["poll"] = (time, call) => {
  const look = (): void => {
    if (performance.now() >= time) return call()
    immediate = setImmediate(look)
  }
  let immediate = setImmediate(look)
  return () => clearImmediate(immediate)
}

export const clock: Clock = {
  now: () => performance.now(),
  idle: () => performance.eventLoopUtilization().idle,
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  poll,
}
