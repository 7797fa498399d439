import { request } from "node:http"
import { connect } from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, LoadClient } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import * as TestServer from "../src/TestServer.ts"

interface Seen {
  readonly status: number
  readonly bytes: number
  readonly headers: Readonly<Record<string, unknown>>
}

/** What Node's own client makes of an answer, or the code of its error. */
const get = (url: string): Promise<Seen | string> =>
  new Promise((resolve) => {
    const call = request(url, { agent: false }, (response) => {
      let bytes = 0
      response.on("data", (chunk: Buffer) => (bytes += chunk.length))
      response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, bytes, headers: response.headers }),
      )
    })
    call.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    call.end()
  })

const seen = Effect.fnUntraced(function* (url: string) {
  const answer = yield* Effect.promise(() => get(url))
  return typeof answer === "string" ? answer : [answer.status, answer.bytes]
})

describe("TestServer", () => {
  it.live("answers 200 and two bytes, keeps connections alive, and leaves nothing behind", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start()
      const result = yield* LoadClient.run({ url: server.url, connections: 4, requests: 100 })
      assert.strictEqual(result.ok, 100)
      const { connections, faults, requests, statuses } = server.counts()
      assert.deepStrictEqual(
        { requests, statuses, faults },
        {
          requests: 100,
          statuses: { 200: 100 },
          faults: {},
        },
      )
      assert.strictEqual(connections.accepted, 4)
      assert.deepStrictEqual(yield* seen(`${server.url}/any/path`), [200, 2])
    }),
  )

  it.live("gives statuses and faults their shares", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({
        statuses: { 503: 0.1 },
        faults: { close: 0.05 },
        size: 1000,
      })
      const result = yield* LoadClient.run({ url: server.url, connections: 3, requests: 1000 })
      const counts = server.counts()
      assert.strictEqual(result.sent, 1000)
      assert.closeTo(counts.faults.close ?? 0, 50, 2)
      assert.closeTo(result.statuses[503] ?? 0, 95, 6)
      assert.strictEqual(result.statuses[503], counts.statuses[503])
      assert.strictEqual(result.failed, (counts.faults.close ?? 0) + (counts.statuses[503] ?? 0))
    }),
  )

  it.live("holds a request for its latency", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({ latency: "80 millis" })
      const { latencies } = yield* LoadClient.run({ url: server.url, connections: 2, requests: 4 })
      // Node's timers may be a millisecond early.
      assert.isAtLeast(latencies[0] ?? 0, 78)
    }),
  )

  it.live("stands still as a whole in a stall", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({
        stall: { every: "200 millis", duration: "150 millis" },
      })
      const { latencies } = yield* LoadClient.run({
        url: server.url,
        connections: 1,
        duration: "500 millis",
      })
      assert.isAtLeast(latencies.filter((one) => one > 100).length, 1)
    }),
  )

  it.live("has a capacity when it works on one request at a time", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({ concurrency: 1, latency: "20 millis" })
      const { elapsed } = yield* LoadClient.run({ url: server.url, connections: 5, requests: 10 })
      assert.isAtLeast(elapsed, 195)
    }),
  )

  it.live("does what a request chooses", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      assert.deepStrictEqual(
        yield* Effect.forEach(
          [
            "/?status=404&size=10k",
            "/?status=204",
            "/?size=7&framing=chunked",
            "/?size=7&framing=close",
            "/?size=0&framing=chunked",
            "/?fault=close",
            "/?fault=reset",
            "/?fault=truncate",
            "/?fault=malformed",
            "/?fault=drip&size=3",
            "/?status=never",
          ],
          (path) => seen(url + path),
        ),
        [
          [404, 10_240],
          [204, 0],
          [200, 7],
          [200, 7],
          [200, 0],
          "ECONNRESET",
          "ECONNRESET",
          "ECONNRESET",
          "HPE_INVALID_VERSION",
          [200, 3],
          [400, 42],
        ],
      )
      const chunked = yield* Effect.promise(() => get(`${url}/?framing=chunked`))
      const closing = yield* Effect.promise(() => get(`${url}/?framing=close`))
      assert.propertyVal(
        typeof chunked === "string" ? {} : chunked.headers,
        "transfer-encoding",
        "chunked",
      )
      assert.propertyVal(typeof closing === "string" ? {} : closing.headers, "connection", "close")
    }),
  )

  it.live("closes although an answer hangs, another is not due and a third is dripping", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start()
      for (const path of ["/?fault=hang", "/?latency=1h", "/?fault=drip&size=1m"]) {
        const socket = connect(server.port, "127.0.0.1")
        socket.on("error", () => {}).resume()
        socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
      }
      yield* Condition.until("three requests are in", () => server.counts().requests === 3)
    }).pipe(Effect.scoped),
  )

  it.live.each<[TestServer.Options, string]>([
    [{ port: 65_536 }, "port must be from 0 to 65535, got 65536"],
    [{ latency: { min: "2 seconds", max: "1 second" } }, "latency must be a time such as"],
    [{ status: 101 }, "status must be from 200 to 999, got 101"],
    [{ statuses: { 500: 0.6, 503: 0.6 } }, "statuses must be codes from 200 to 999 with shares"],
    [{ size: -1 }, "size must be from 0 to 67108864 bytes, got -1"],
    [{ faults: { reset: 1.1 } }, "faults must be shares of at most 1 together"],
    [{ slow: { share: 2, latency: 1 } }, "slow must be a share from 0 to 1 and a time"],
    [{ concurrency: 1.5 }, "concurrency must be a whole number of at least 1, got 1.5"],
    [{ stall: { every: 100, duration: 100 } }, "stall must be a time that is shorter than"],
  ])("refuses what it cannot do: %j", ([options, sentence]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(TestServer.start(options))
      assert.strictEqual(error.reason._tag, "InvalidOption")
      assert.include(error.message, sentence)
      assert.isTrue(Schema.is(TestServer.TestServerError)(error))
    }),
  )

  it.live("says that a port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* TestServer.start()
      const error = yield* Effect.flip(TestServer.start({ port }))
      assert.strictEqual(error.reason._tag, "CannotListen")
      assert.strictEqual(
        error.message,
        `127.0.0.1:${port} is taken: choose another port, or 0 for a free one`,
      )
    }),
  )
})
