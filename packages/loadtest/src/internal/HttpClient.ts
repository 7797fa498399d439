/**
 * The wire: sends one fixed request over and over and says how each ended. Everything above knows
 * only `HttpClient`, so that another client can take this place.
 *
 * In this version it is `node:http` with an agent of its own. No Effect in here: these calls are
 * made once per request.
 *
 * It stops in two steps: `close` destroys every socket at once, idle or not, then waits until the
 * operating system has closed them (or until its deadline). After `close` no exchange settles.
 */
import { lookup, type LookupAddress } from "node:dns"
import * as http from "node:http"
import type { LookupFunction, Socket } from "node:net"
import { urlToHttpOptions } from "node:url"

import type { ErrorClass } from "../Report.ts"
import { classify, type Phase } from "./Failure.ts"

/** Told exactly once per `send`, never from inside `send`. */
export interface Handlers {
  readonly answered: (status: number, reason: string) => void
  readonly failed: (failure: ErrorClass, example: string) => void
}

/** One request at a time: `send` again only after the last one was settled. */
interface Connection {
  readonly send: () => void
}

export interface HttpClient {
  readonly open: (handlers: Handlers) => Connection
  readonly close: () => Promise<void>
}

export interface Options {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string>>>
  readonly keepAlive: boolean
  readonly connections: number
  /** In ms. */
  readonly timeout: number
}

/** How long `close` waits for destroyed sockets, in ms. */
const closeDeadline = 1000

/**
 * Asks for the address of the host once and shares the answer between all connections, so that
 * neither latencies nor Node's few resolver threads hold a lookup per connection.
 */
const makeLookup = (): LookupFunction => {
  type Found = { readonly cause: NodeJS.ErrnoException | null; readonly addresses: LookupAddress[] }
  const waiting: Array<(found: Found) => void> = []
  let known: Found | undefined
  return (hostname, { all, ...options }, callback) => {
    const answer = ({ addresses, cause }: Found): void => {
      const first = addresses[0]
      if (all === true || first === undefined) callback(cause, addresses)
      else callback(cause, first.address, first.family)
    }
    if (known !== undefined) return process.nextTick(answer, known)
    if (waiting.push(answer) > 1) return
    lookup(hostname, { ...options, all: true }, (cause, addresses) => {
      const found: Found = { cause, addresses: addresses ?? [] }
      if (cause === null) known = found
      for (const one of waiting.splice(0)) one(found)
    })
  }
}

export const make = (options: Options): HttpClient => {
  const sockets = new Set<Socket>()
  const running = new Set<http.ClientRequest>()
  const timers = new Set<NodeJS.Timeout>()
  let closing: Promise<void> | undefined

  const agent = new http.Agent({
    keepAlive: options.keepAlive,
    // With a limit, Node hands the socket on to a waiting request even without keepAlive. The caller
    // keeps the limit anyway: it never has more requests than connections in flight.
    maxSockets: options.keepAlive ? options.connections : Infinity,
    maxFreeSockets: options.connections,
  })
  const request: http.RequestOptions = {
    ...urlToHttpOptions(new URL(options.url)),
    method: options.method,
    headers: Object.fromEntries(
      Object.entries(options.headers).map(([name, value]) => [
        name,
        typeof value === "string" ? value : [...value],
      ]),
    ),
    lookup: makeLookup(),
    agent,
  }
  const lateness = `no complete answer within ${options.timeout / 1000} s`

  const open = (handlers: Handlers): Connection => {
    let current: http.ClientRequest | undefined

    const settle = (exchange: http.ClientRequest): boolean => {
      running.delete(exchange)
      if (current !== exchange || closing !== undefined) return false
      current = undefined
      return true
    }
    const timer = setTimeout(() => {
      const exchange = current
      if (exchange === undefined || !settle(exchange)) return
      exchange.destroy()
      handlers.failed("replyTimeout", lateness)
    }, options.timeout)
    timers.add(timer)

    const send = (): void => {
      const exchange = http.request(request)
      let socket: Socket | undefined
      let before = 0
      let phase: Phase = "nothing"

      const fail = (cause: unknown): void => {
        if (!settle(exchange)) return
        if (phase === "nothing" && socket !== undefined && socket.bytesRead > before) phase = "head"
        const failure = classify(cause, phase)
        handlers.failed(
          failure.class,
          failure.class === "reset" && exchange.reusedSocket
            ? `${failure.example} (on a kept-alive connection)`
            : failure.example,
        )
      }

      exchange.on("socket", (assigned) => {
        socket = assigned
        before = assigned.bytesRead
        if (!sockets.has(assigned)) {
          sockets.add(assigned)
          assigned.once("close", () => sockets.delete(assigned))
        }
      })
      exchange.on("response", (response) => {
        phase = "body"
        response.on("error", fail)
        response.on("end", () => {
          if (settle(exchange)) {
            handlers.answered(response.statusCode ?? 0, response.statusMessage ?? "")
          }
        })
        response.resume()
      })
      exchange.on("upgrade", (response, upgraded) => {
        upgraded.destroy()
        if (settle(exchange)) {
          handlers.answered(response.statusCode ?? 0, response.statusMessage ?? "")
        }
      })
      exchange.on("error", fail)
      current = exchange
      running.add(exchange)
      timer.refresh()
      exchange.end()
    }

    return { send }
  }

  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      for (const timer of timers) clearTimeout(timer)
      for (const exchange of running) exchange.destroy()
      agent.destroy()
      const open = [...sockets].filter((socket) => !socket.closed)
      let left = open.length
      if (left === 0) return resolve()
      const deadline = setTimeout(resolve, closeDeadline)
      for (const socket of open) {
        socket.once("close", () => {
          left -= 1
          if (left > 0) return
          clearTimeout(deadline)
          resolve()
        })
        socket.destroy()
      }
    })
    return closing
  }

  return { open, close }
}
