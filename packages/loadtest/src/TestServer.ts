/**
 * A small HTTP server to load: answers with a chosen latency, status and size, and with faults in
 * chosen shares. For trying a load tester out, and for tests of what judges one.
 *
 * Owns its listener, its connections and the timers of answers that are not due. It stops when its
 * Scope closes: the timers are cleared, every connection is destroyed, the close of the listener is
 * awaited.
 *
 * A request may choose its own answer by its query, whatever the options say:
 * `/?latency=100ms&status=503&size=1k&framing=chunked&fault=reset`.
 *
 * @since 0.1.0
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http"
import type { Socket } from "node:net"

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

import * as Answer from "./internal/serve/Answer.ts"
import { settle } from "./internal/serve/settle.ts"
import * as Wire from "./internal/serve/Wire.ts"

/**
 * - `reset`: half of an answer, then a TCP reset
 * - `truncate`: half of an answer, then the end of the connection
 * - `close`: the end of the connection without an answer
 * - `hang`: no answer, and the connection stays open
 * - `malformed`: bytes that are not HTTP
 * - `drip`: the body byte by byte, ten in a second
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = Answer.Fault

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 0: a free one. */
  readonly port?: number | undefined
  /** How long a request is held, or from how long to how long, evenly; default 0. */
  readonly latency?:
    | Duration.Input
    | { readonly min: Duration.Input; readonly max: Duration.Input }
    | undefined
  /** This share of the requests, from 0 to 1, is held so long instead. */
  readonly slow?: { readonly share: number; readonly latency: Duration.Input } | undefined
  /** Of the answers that are nothing else; from 200 to 999, default 200. */
  readonly status?: number | undefined
  /** Other statuses, each for its share of the requests, from 0 to 1. */
  readonly statuses?: Readonly<Record<number, number>> | undefined
  /** Bytes of a body, at most 64 MiB; default 2. */
  readonly size?: number | undefined
  /** How the end of a body is told; default `length`. */
  readonly framing?: Answer.Framing | undefined
  /** Each fault happens to its share of the requests, from 0 to 1. */
  readonly faults?: { readonly [F in Fault]?: number | undefined } | undefined
  /** The whole server stands still for `duration` in each `every`, the first time after one `every`. */
  readonly stall?: { readonly every: Duration.Input; readonly duration: Duration.Input } | undefined
  /**
   * Works on so many requests at the same time, the others wait in line: with a latency it makes a
   * capacity, such as 1 and 10 ms for 100 requests per second. Default: no limit.
   */
  readonly concurrency?: number | undefined
}

/**
 * An option does not hold; `message` is one sentence that begins with its name and says what to give.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  message: Schema.String,
}) {}

/**
 * The system does not let the server listen there; `code` is Node's, such as `EADDRINUSE`.
 *
 * @category errors
 * @since 0.1.0
 */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  host: Schema.String,
  port: Schema.Int,
  code: Schema.String,
  message: Schema.String,
}) {}

/**
 * A server that could not start.
 *
 * @category errors
 * @since 0.1.0
 */
export class TestServerError extends Schema.TaggedError<TestServerError>()("TestServerError", {
  reason: Schema.Union([InvalidOption, CannotListen]),
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * What has happened so far. A request that was given up by its client before its answer was due is
 * in `requests` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counts {
  readonly requests: number
  /** Whole answers, by status. */
  readonly statuses: Readonly<Record<number, number>>
  readonly faults: { readonly [F in Fault]?: number }
  readonly connections: { readonly open: number; readonly accepted: number }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TestServer {
  /** `http://HOST:PORT`, no slash at the end. */
  readonly url: string
  readonly port: number
  readonly counts: () => Counts
}

interface State {
  readonly server: Server
  readonly sockets: Set<Socket>
  readonly timers: Set<NodeJS.Timeout>
  readonly statuses: Record<number, number>
  readonly faults: { [F in Fault]?: number }
  requests: number
  accepted: number
}

const handler = (state: State, settings: Answer.Settings) => {
  const began = performance.now()
  const due = Answer.clock(settings)
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    const arrival = performance.now() - began
    const answer = Answer.override(Answer.decide(settings, state.requests), request.url ?? "")
    state.requests += 1
    request.resume()
    if (typeof answer === "string") {
      state.statuses[400] = (state.statuses[400] ?? 0) + 1
      response.writeHead(400, { "content-type": "text/plain" }).end(`${answer}\n`)
      return
    }
    const later = (ms: number, run: () => void): void => {
      const timer = setTimeout(() => {
        state.timers.delete(timer)
        if (!socket.destroyed) run()
      }, ms)
      state.timers.add(timer)
    }
    const send = (): void => {
      const { fault, status } = answer
      if (fault === undefined) state.statuses[status] = (state.statuses[status] ?? 0) + 1
      else state.faults[fault] = (state.faults[fault] ?? 0) + 1
      Wire.send(answer, { socket, response, later })
    }
    const wait = due(arrival, answer.latency) - arrival
    if (wait > 0) later(wait, send)
    else send()
  }
}

const open = (settings: Answer.Settings): State => {
  const state: State = {
    server: createServer(),
    sockets: new Set(),
    timers: new Set(),
    statuses: {},
    faults: {},
    requests: 0,
    accepted: 0,
  }
  // A connection that rests between two requests of a slow plan is not in the way.
  state.server.keepAliveTimeout = 0
  state.server.requestTimeout = 0
  state.server.on("request", handler(state, settings))
  state.server.on("connection", (socket) => {
    state.accepted += 1
    state.sockets.add(socket)
    socket.once("close", () => state.sockets.delete(socket))
    socket.on("error", () => socket.destroy())
  })
  return state
}

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken: choose another port, or 0 for a free one",
  EACCES: "needs more rights than this program has: choose a port above 1023",
  EADDRNOTAVAIL: "is not an address of this machine",
  ENOTFOUND: "is not an address of this machine",
}

const listen = (server: Server, host: string, port: number): Effect.Effect<number, CannotListen> =>
  Effect.callback((resume) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const code = error.code ?? "unknown"
      const why = sentences[code] ?? `cannot be listened on: ${error.message}`
      const message = `${host}:${port} ${why}`
      resume(Effect.fail(new CannotListen({ host, port, code, message })))
    }
    server.once("error", onError)
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeListener("error", onError)
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
    })
  })

const close = ({ server, sockets, timers }: State): Effect.Effect<void> =>
  Effect.callback((resume) => {
    for (const timer of timers) clearTimeout(timer)
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })

/**
 * Starts the server; it listens when this succeeds.
 *
 * Fails with `TestServerError` when an option does not hold or the port cannot be had.
 *
 * @category starting
 * @since 0.1.0
 */
export const start: (options?: Options) => Effect.Effect<TestServer, TestServerError, Scope.Scope> =
  Effect.fn("TestServer.start")(function* (options: Options = {}) {
    const host = options.host ?? "127.0.0.1"
    const port = options.port ?? 0
    const settings =
      Number.isInteger(port) && port >= 0 && port <= 65_535
        ? settle(options)
        : { option: "port", needs: `from 0 to 65535, got ${port}` }
    if ("needs" in settings) {
      const { needs, option } = settings
      const reason = new InvalidOption({ option, message: `${option} must be ${needs}` })
      return yield* new TestServerError({ reason })
    }
    const state = yield* Effect.acquireRelease(
      Effect.sync(() => open(settings)),
      close,
    )
    const bound = yield* listen(state.server, host, port).pipe(
      Effect.mapError((reason) => new TestServerError({ reason })),
    )
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
      port: bound,
      counts: () => ({
        requests: state.requests,
        statuses: { ...state.statuses },
        faults: { ...state.faults },
        connections: { open: state.sockets.size, accepted: state.accepted },
      }),
    }
  })
