/**
 * An HTTP server on 127.0.0.1 that answers each path the way a test wants, faults included. Owns the
 * listener, its connections and the timers of slow replies; what the client makes of it is the test's.
 * It stops when the scope closes: timers first, then every connection is destroyed, then the listener's
 * close is awaited.
 *
 * @since 0.1.0
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import { type Server, type Socket, createServer as createTcpServer } from "node:net"

import { Duration, Effect, type Scope } from "effect"

/**
 * What a path does. Plain data, made by the constructors below.
 *
 * @category models
 */
export type Behaviour =
  | {
      readonly _tag: "Reply"
      readonly status: number
      readonly latencyMillis: number
      readonly body: Buffer
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly _tag: "Reset"; readonly afterBytes: number }
  | { readonly _tag: "Cut"; readonly declared: number; readonly sent: number }
  | { readonly _tag: "Silent" }
  | { readonly _tag: "Malformed"; readonly head: string }
  | { readonly _tag: "HangUp" }
  | { readonly _tag: "Drip"; readonly bytes: number; readonly everyMillis: number }
  | { readonly _tag: "Sequence"; readonly behaviours: ReadonlyArray<Behaviour> }

/**
 * A whole reply. Defaults: status 200, no latency, body "ok". `body` may be a text or a number of bytes.
 *
 * @category behaviours
 * @since 0.1.0
 */
export const reply = (
  options: {
    readonly status?: number | undefined
    /** How long the request is held before the reply starts. */
    readonly latency?: Duration.Input | undefined
    readonly body?: string | number | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {},
): Behaviour => ({
  _tag: "Reply",
  status: options.status ?? 200,
  latencyMillis: Duration.toMillis(options.latency ?? 0),
  body:
    typeof options.body === "number"
      ? Buffer.alloc(options.body, "x")
      : Buffer.from(options.body ?? "ok"),
  headers: options.headers ?? {},
})

/** Status 200 and "ok", at once. @category behaviours */
export const ok: Behaviour = reply()

/** A status with the body "ok", at once. @category behaviours */
export const status = (code: number): Behaviour => reply({ status: code })

/** Status 200 after a delay. @category behaviours */
export const delay = (latency: Duration.Input): Behaviour => reply({ latency })

/** Status 200 with a body of `bytes` bytes, at once. @category behaviours */
export const body = (bytes: number): Behaviour => reply({ body: bytes })

/** A head and 10 of 1000 body bytes, then a TCP reset. @category behaviours */
export const reset: Behaviour = { _tag: "Reset", afterBytes: 10 }

/** A TCP reset before the first byte of a reply. @category behaviours */
export const resetAtOnce: Behaviour = { _tag: "Reset", afterBytes: -1 }

/** Says content-length `declared`, sends `sent` bytes, then ends the connection. @category behaviours */
export const cut = (declared = 1000, sent = 10): Behaviour => ({ _tag: "Cut", declared, sent })

/** Takes the request and never answers; the connection stays open. @category behaviours */
export const silent: Behaviour = { _tag: "Silent" }

/** Answers with bytes that are no HTTP. @category behaviours */
export const malformed: Behaviour = { _tag: "Malformed", head: "HTTP/9.x what? \r\n: :\r\n\r\n" }

/** Ends the connection politely (FIN) without a reply. @category behaviours */
export const hangUp: Behaviour = { _tag: "HangUp" }

/** Head at once, then one byte every interval: slow loris from the server's side. @category behaviours */
export const drip = (options: {
  readonly bytes: number
  readonly every: Duration.Input
}): Behaviour => ({
  _tag: "Drip",
  bytes: options.bytes,
  everyMillis: Duration.toMillis(options.every),
})

/** The n-th request of the path gets the n-th behaviour, later ones the last. @category behaviours */
export const sequence = (...behaviours: readonly [Behaviour, ...Array<Behaviour>]): Behaviour => ({
  _tag: "Sequence",
  behaviours,
})

/** What happens to a connection before anything is read from it. @category models */
export type Accept = "serve" | "close" | "reset"

/** @category models */
export interface Options {
  /** Behaviour by path, without the query. A path that is not here gets a 404. */
  readonly routes: Readonly<Record<string, Behaviour>>
  /** For the n-th connection, from 0. Default: all are served. */
  readonly accept?: ((index: number) => Accept) | undefined
}

/** @category models */
export interface FaultServer {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string
  readonly port: number
  /** Requests so far: of one path, or of all. */
  readonly requests: (path?: string) => number
  /** Connections: open now, and accepted so far. */
  readonly connections: () => { readonly open: number; readonly accepted: number }
}

interface Exchange {
  readonly socket: Socket
  readonly response: ServerResponse
  readonly index: number
  /** Runs later unless the server is closed or the connection gone. */
  readonly later: (millis: number, run: () => void) => void
}

const head = (length: number): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`

const perform = (behaviour: Behaviour, exchange: Exchange): void => {
  const { later, response, socket } = exchange
  switch (behaviour._tag) {
    case "Reply": {
      const send = () =>
        response
          .writeHead(behaviour.status, {
            ...behaviour.headers,
            "content-length": behaviour.body.length,
          })
          .end(behaviour.body)
      return behaviour.latencyMillis === 0 ? void send() : later(behaviour.latencyMillis, send)
    }
    case "Reset": {
      if (behaviour.afterBytes < 0) return void socket.resetAndDestroy()
      // A reset throws away what the kernel has not sent, so it waits for the write and a moment more.
      return void socket.write(head(1000) + "x".repeat(behaviour.afterBytes), () =>
        later(10, () => socket.resetAndDestroy()),
      )
    }
    case "Cut":
      return void socket.end(head(behaviour.declared) + "x".repeat(behaviour.sent))
    case "Silent":
      return
    case "Malformed":
      return void socket.end(behaviour.head)
    case "HangUp":
      return void socket.end()
    case "Drip": {
      response.writeHead(200, { "content-length": behaviour.bytes })
      response.flushHeaders()
      const drop = (left: number): void => {
        if (left <= 0) return void response.end()
        response.write("x")
        later(behaviour.everyMillis, () => drop(left - 1))
      }
      return later(behaviour.everyMillis, () => drop(behaviour.bytes))
    }
    case "Sequence": {
      const { behaviours } = behaviour
      const next = behaviours[Math.min(exchange.index, behaviours.length - 1)]
      return next === undefined ? undefined : perform(next, exchange)
    }
  }
}

const listen = (server: Server): Effect.Effect<number> =>
  Effect.callback((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(
        typeof address === "object" && address !== null
          ? Effect.succeed(address.port)
          : Effect.die(new Error(`a TCP server without a port: ${String(address)}`)),
      )
    })
  })

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
  })

/**
 * Starts the server on a free port.
 *
 * @category starting
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<FaultServer, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.gen(function* () {
        const sockets = new Set<Socket>()
        const timers = new Set<NodeJS.Timeout>()
        const counts = new Map<string, number>()
        const totals = { accepted: 0 }
        const routes = new Map(Object.entries(options.routes))

        const handle = (request: IncomingMessage, response: ServerResponse): void => {
          const { socket } = request
          const path = (request.url ?? "/").split("?")[0] ?? "/"
          const index = counts.get(path) ?? 0
          counts.set(path, index + 1)
          request.resume()
          perform(routes.get(path) ?? status(404), {
            socket,
            response,
            index,
            later: (millis, run) => {
              const timer = setTimeout(() => {
                timers.delete(timer)
                if (!socket.destroyed) run()
              }, millis)
              timers.add(timer)
            },
          })
        }

        const server = createServer(handle)
        server.prependListener("connection", (socket: Socket) => {
          const fate = options.accept?.(totals.accepted) ?? "serve"
          totals.accepted++
          sockets.add(socket)
          socket.once("close", () => sockets.delete(socket))
          socket.on("error", () => socket.destroy())
          if (fate === "close") socket.destroy()
          else if (fate === "reset") socket.resetAndDestroy()
        })
        const port = yield* listen(server)
        return { server, port, sockets, timers, counts, totals }
      }),
      ({ server, sockets, timers }) =>
        Effect.suspend(() => {
          for (const timer of timers) clearTimeout(timer)
          for (const socket of sockets) socket.destroy()
          return close(server)
        }),
    ),
    ({ counts, port, sockets, totals }) => ({
      url: `http://127.0.0.1:${port}`,
      port,
      requests: (path) =>
        path === undefined
          ? [...counts.values()].reduce((sum, count) => sum + count, 0)
          : (counts.get(path) ?? 0),
      connections: () => ({ open: sockets.size, accepted: totals.accepted }),
    }),
  )

/**
 * A port of 127.0.0.1 on which nobody listens: taken from the system and given back. Another program
 * could take it in between; the system hands out free ports in turn, so that is rare.
 *
 * @category ports
 * @since 0.1.0
 */
export const refusedPort: Effect.Effect<number> = Effect.suspend(() => {
  const server = createTcpServer()
  return Effect.tap(listen(server), () => close(server))
})
