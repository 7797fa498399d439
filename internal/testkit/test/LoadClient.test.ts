import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { Census, Condition, FaultServer, LoadClient } from "../src/index.ts"

describe("LoadClient.run", () => {
  it.live("sends exactly the given number over the given connections", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": FaultServer.ok } })
      const bodies: Array<string> = []
      const result = yield* LoadClient.run({
        url: server.url,
        requests: 101,
        connections: 4,
        onReply: ({ body }) => bodies.push(body),
      })
      assert.deepStrictEqual([result.sent, result.ok, result.failed], [101, 101, 0])
      assert.deepStrictEqual(result.statuses, { 200: 101 })
      assert.strictEqual(server.requests(), 101)
      assert.strictEqual(server.connections().accepted, 4)
      assert.lengthOf(result.latencies, 101)
      assert.deepStrictEqual(
        result.latencies,
        result.latencies.toSorted((a, b) => a - b),
      )
      assert.strictEqual(bodies.join(""), "ok".repeat(101))
    }),
  )

  it.live("opens a connection per request without keep-alive", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": FaultServer.ok } })
      yield* LoadClient.run({ url: server.url, requests: 200, connections: 8, keepAlive: false })
      assert.strictEqual(server.connections().accepted, 200)
    }),
  )

  it.live("sends for the given time", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": FaultServer.delay("5 millis") } })
      const result = yield* LoadClient.run({
        url: server.url,
        duration: "100 millis",
        connections: 2,
      })
      assert.isAtLeast(result.elapsed, 100)
      assert.isAbove(result.ok, 2)
      assert.isAtLeast(result.latencies[0] ?? 0, 4)
    }),
  )

  it.live.each([
    ["status 503", FaultServer.status(503)],
    ["ECONNRESET", FaultServer.resetAtOnce],
    ["ECONNRESET", FaultServer.hangUp],
    ["ABORTED", FaultServer.reset],
    ["ABORTED", FaultServer.cut()],
    ["HPE_INVALID_VERSION", FaultServer.malformed],
    ["TIMEOUT", FaultServer.silent],
    ["TIMEOUT", FaultServer.drip({ bytes: 1000, every: "10 millis" })],
  ] as const)("counts each failure once, by class: %j", ([kind, behaviour]) =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": behaviour } })
      const result = yield* LoadClient.run({
        url: server.url,
        requests: 6,
        connections: 2,
        timeout: "100 millis",
      })
      assert.deepStrictEqual([result.sent, result.ok, result.failed], [6, 0, 6])
      assert.deepStrictEqual(result.errors, { [kind]: 6 })
      assert.deepStrictEqual(result.latencies, [])
    }),
  )

  it.live("counts refused connections", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      const result = yield* LoadClient.run({
        url: `http://127.0.0.1:${port}`,
        requests: 5,
        connections: 2,
      })
      assert.deepStrictEqual(result.errors, { ECONNREFUSED: 5 })
    }),
  )
})

describe("LoadClient.start", () => {
  it.live("runs until it is stopped and lets what is in flight finish", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make({ routes: { "/": FaultServer.delay("5 millis") } })
      const client = yield* LoadClient.start({ url: server.url, connections: 3 })
      yield* Condition.until("20 replies", () => client.snapshot().ok >= 20)
      assert.isAtMost(client.snapshot().inFlight, 3)
      const result = yield* client.stop
      assert.deepStrictEqual([result.failed, result.sent], [0, result.ok])
      assert.strictEqual(server.requests(), result.sent)
      assert.strictEqual(yield* client.stop, result)
    }),
  )

  it.live("aborts and leaves nothing behind when its scope closes", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* Census.guard()
        const server = yield* FaultServer.make({ routes: { "/": FaultServer.silent } })
        const client = yield* LoadClient.start({ url: server.url, connections: 3 })
        yield* Condition.until("3 requests hang", () => server.requests() === 3)
        assert.strictEqual(client.snapshot().inFlight, 3)
      }),
    ),
  )
})
