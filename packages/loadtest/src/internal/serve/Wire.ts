/** Puts an answer, or a fault, on the wire of one exchange. */
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"

import type { Answer } from "./Answer.ts"

export interface Exchange {
  readonly socket: Socket
  readonly response: ServerResponse
  /** Runs later, in ms, unless the server closes or the connection goes first. */
  readonly later: (ms: number, run: () => void) => void
}

/** Between two bytes of a dripping body, in ms. */
const dripEvery = 100

/** How long a reset waits, in ms: it throws away what the kernel has not sent yet. */
const flush = 10

let filler = Buffer.alloc(0)

/** One buffer serves all bodies; it grows to the largest one asked for. */
const body = (size: number): Buffer => {
  if (filler.length < size) filler = Buffer.alloc(size, "x")
  return filler.subarray(0, size)
}

const head = (length: number): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`

const whole = ({ framing, size, status }: Answer, response: ServerResponse): void => {
  response.setHeader("content-type", "text/plain")
  if (framing === "length") {
    response.writeHead(status, { "content-length": size }).end(body(size))
    return
  }
  if (framing === "close") {
    // Without either header Node ends the body with the connection.
    response.removeHeader("content-length")
    response.removeHeader("transfer-encoding")
  }
  response.writeHead(status)
  const half = Math.floor(size / 2)
  if (half > 0) response.write(body(half))
  response.end(body(size - half))
}

const drip = ({ size, status }: Answer, { later, response }: Exchange): void => {
  response.writeHead(status, { "content-type": "text/plain", "content-length": size })
  response.flushHeaders()
  const drop = (left: number): void => {
    if (left === 0) {
      response.end()
      return
    }
    response.write("x")
    later(dripEvery, () => drop(left - 1))
  }
  later(dripEvery, () => drop(size))
}

/** A promise of more than is sent. */
const part = (size: number): string => head(size + 1000) + "x".repeat(10)

export const send = (answer: Answer, exchange: Exchange): void => {
  const { later, response, socket } = exchange
  switch (answer.fault) {
    case undefined:
      return whole(answer, response)
    case "reset":
      socket.write(part(answer.size), () => later(flush, () => socket.resetAndDestroy()))
      return
    case "truncate":
      socket.end(part(answer.size))
      return
    case "close":
      socket.end()
      return
    case "hang":
      return
    case "malformed":
      socket.end("HTTP/9.x what? \r\n: :\r\n\r\n")
      return
    case "drip":
      return drip(answer, exchange)
  }
}
