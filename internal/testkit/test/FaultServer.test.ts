import { type IncomingHttpHeaders, get } from "node:http"
import { connect } from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { Census, Condition, FaultServer } from "../src/index.ts"

interface Fetched {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One GET on a connection of its own. Fails with Node's error code. */
const fetched = (url: string): Effect.Effect<Fetched, string> =>
  Effect.callback((resume) => {
    const fail = (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? error.message))
    const request = get(url, { agent: false }, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (text: string) => (body += text))
      response.on("error", fail)
      response.on("end", () =>
        resume(
          Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, body }),
        ),
      )
    })
    request.on("error", fail)
    return Effect.sync(() => request.destroy())
  })

describe("FaultServer", () => {
  it.live("replies with the status, the body and the delay of each path", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({
        routes: {
          "/": FaultServer.ok,
          "/503": FaultServer.status(503),
          "/big": FaultServer.body(100_000),
          "/slow": FaultServer.delay("60 millis"),
          "/full": FaultServer.reply({ status: 201, body: "made", headers: { "x-a": "b" } }),
        },
      })
      const at = (path: string) => fetched(server.url + path)
      assert.strictEqual((yield* at("/?query")).body, "ok")
      assert.strictEqual((yield* at("/503")).status, 503)
      assert.strictEqual((yield* at("/nothing")).status, 404)
      assert.lengthOf((yield* at("/big")).body, 100_000)
      const started = performance.now()
      yield* at("/slow")
      assert.isAtLeast(performance.now() - started, 55)
      const full = yield* at("/full")
      assert.deepStrictEqual([full.status, full.headers["x-a"], full.body], [201, "b", "made"])
      assert.deepStrictEqual([server.requests("/"), server.requests()], [1, 6])
      assert.strictEqual(server.connections().accepted, 6)
    }),
  )

  it.live.each([
    ["reset", FaultServer.reset, "ECONNRESET"],
    ["resetAtOnce", FaultServer.resetAtOnce, "ECONNRESET"],
    ["cut", FaultServer.cut(), "ECONNRESET"],
    ["hangUp", FaultServer.hangUp, "ECONNRESET"],
    ["malformed", FaultServer.malformed, /^HPE_/],
  ] as const)("fails a client by %j", ([, behaviour, expected]) =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": behaviour } })
      const error = yield* Effect.flip(fetched(server.url))
      assert.match(error, new RegExp(expected))
    }),
  )

  it.live("says nothing on a silent path, and drips on a slow one", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({
        routes: {
          "/silent": FaultServer.silent,
          "/drip": FaultServer.drip({ bytes: 5, every: "10 millis" }),
        },
      })
      const silence = yield* Effect.timeoutOption(fetched(`${server.url}/silent`), "100 millis")
      assert.strictEqual(silence._tag, "None")
      assert.strictEqual(server.requests("/silent"), 1)
      const started = performance.now()
      assert.strictEqual((yield* fetched(`${server.url}/drip`)).body, "xxxxx")
      assert.isAtLeast(performance.now() - started, 45)
    }),
  )

  it.live("gives the requests of a sequence one behaviour after the other", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({
        routes: { "/": FaultServer.sequence(FaultServer.status(500), FaultServer.ok) },
      })
      const statuses: Array<number> = []
      for (let index = 0; index < 3; index++) statuses.push((yield* fetched(server.url)).status)
      assert.deepStrictEqual(statuses, [500, 200, 200])
    }),
  )

  it.live("closes or resets chosen connections before it reads from them", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({
        routes: { "/": FaultServer.ok },
        accept: (index) => (["close", "reset"] as const)[index] ?? "serve",
      })
      assert.strictEqual(yield* Effect.flip(fetched(server.url)), "ECONNRESET")
      assert.strictEqual(yield* Effect.flip(fetched(server.url)), "ECONNRESET")
      assert.strictEqual((yield* fetched(server.url)).status, 200)
    }),
  )

  it.live("leaves nothing behind, whatever was in flight", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* Census.guard()
        const server = yield* FaultServer.make({
          routes: { "/": FaultServer.silent, "/late": FaultServer.delay("1 minute") },
        })
        for (const path of ["/", "/late"]) {
          const socket = connect(server.port, "127.0.0.1")
          socket.on("error", () => socket.destroy())
          socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
        }
        yield* Condition.until("both requests are in", () => server.requests() === 2)
        assert.strictEqual(server.connections().open, 2)
      }),
    ),
  )

  it.live("knows a port that refuses", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      assert.strictEqual(yield* Effect.flip(fetched(`http://127.0.0.1:${port}`)), "ECONNREFUSED")
    }),
  )
})
