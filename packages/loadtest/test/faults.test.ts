import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Exit, Fiber, Scope } from "effect"

import * as LoadTest from "../src/LoadTest.ts"
import { run } from "./fixtures/run.ts"
import * as Servers from "./fixtures/servers.ts"

const { hello } = Servers

/** Writes each byte for itself. */
const dribble = (socket: Parameters<typeof Servers.onRequest>[0], text: string): void => {
  const bytes = Buffer.from(text, "latin1")
  const next = (i: number): void => {
    if (i >= bytes.length || socket.destroyed) return
    socket.write(bytes.subarray(i, i + 1), () => setImmediate(next, i + 1))
  }
  next(0)
}

const chunks =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n"

describe("faults", () => {
  it.live("reads answers that come byte by byte, and in one piece with the next", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => dribble(socket, chunks)),
      )
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        requests: 20,
        connections: 4,
        expectBody: "hello",
      })
      // The text stands in one chunk; chunk borders are part of no body.
      assert.deepStrictEqual(report.requests, { sent: 20, ok: 20, failed: 0, inFlight: 0 })
      assert.strictEqual(report.bytes.received, 20 * chunks.length)
    }),
  )

  it.live.each<[string, string, string, string]>([
    ["truncated", "the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "body"],
    [
      "truncated",
      "a chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "body",
    ],
    ["truncated", "the head", "HTTP/1.1 200 OK\r\nContent-", "head"],
    ["reset", "nothing", "", "closed before an answer"],
    ["malformed", "a status that is none", "HTTP/1.1 2x0 OK\r\n\r\n", "status"],
    ["malformed", "another protocol", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/"],
    [
      "malformed",
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "two",
    ],
    [
      "malformed",
      "a chunk longer than its size",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello",
      "chunk",
    ],
  ])("says %s when a connection ends after %s", ([name, , bytes, example]) =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => socket.end(bytes, "latin1")),
      )
      for (const model of [{ connections: 2 }, { rate: 500 }]) {
        const report = yield* run({
          url: `http://127.0.0.1:${port}/`,
          requests: 6,
          ...model,
        })
        assert.deepStrictEqual(report.requests, { sent: 6, ok: 0, failed: 6, inFlight: 0 })
        const [[found, error] = ["none", undefined]] = Object.entries(report.errors)
        assert.strictEqual(found, name)
        assert.include(error?.example, example)
        assert.strictEqual(report.bytes.received, 6 * bytes.length)
      }
    }),
  )

  it.live("counts answers that the end of their connection ends as complete", () =>
    Effect.gen(function* () {
      const { accepted, port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => socket.end("HTTP/1.1 200 OK\r\n\r\nhello")),
      )
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        requests: 10,
        connections: 2,
        expectBody: "hello",
      })
      assert.strictEqual(report.requests.ok, 10)
      assert.strictEqual(accepted(), 10)
      assert.strictEqual(report.bytes.received, 10 * "HTTP/1.1 200 OK\r\n\r\nhello".length)
    }),
  )

  it.live("counts what came of answers that are in flight at the end", () =>
    Effect.gen(function* () {
      const half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => socket.write(half)),
      )
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        duration: "300 millis",
        connections: 2,
        grace: "2 seconds",
      })
      assert.deepStrictEqual(report.requests, { sent: 2, ok: 0, failed: 0, inFlight: 2 })
      assert.strictEqual(report.bytes.received, 2 * half.length)
    }),
  )

  it.live("tells a connection that nobody takes from an answer that does not come", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { port } = yield* Servers.tcp((socket) => dribble(socket, "HTTP/1.1 200 OK\r\nX: "))
      const loris = yield* run({
        url: `http://127.0.0.1:${port}/`,
        requests: 2,
        connections: 2,
        timeout: "150 millis",
      })
      assert.strictEqual(loris.errors.replyTimeout?.count, 2)
      // A server that takes no TLS handshake is a connection that does not come about.
      const handshake = yield* run({
        url: `https://127.0.0.1:${port}/`,
        requests: 2,
        connections: 2,
        timeout: "150 millis",
        tls: { insecure: true },
      })
      assert.strictEqual(handshake.requests.failed, 2)
    }),
  )

  it.live("goes on when its server is killed and comes back, without a storm of attempts", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      let served = 0
      const answer = (socket: Parameters<typeof Servers.onRequest>[0]) =>
        Servers.onRequest(socket, () => {
          served += 1
          socket.write(hello)
        })
      const first = yield* Scope.make()
      const { port } = yield* Scope.provide(Servers.tcp(answer), first)
      const started = yield* LoadTest.start({
        url: `http://127.0.0.1:${port}/`,
        duration: "1 hour",
        connections: 4,
      })
      yield* Condition.until("answers came", () => served > 100)
      yield* Scope.close(first, Exit.void)
      yield* Condition.until("the server is missed", () =>
        Effect.map(started.snapshot, (now) => (now.errors.refused?.count ?? 0) > 4),
      )
      const before = served
      yield* Servers.tcp(answer, { port })
      yield* Condition.until("answers come again", () => served > before + 100)
      const report = yield* started.stop
      assert.strictEqual(report.requests.inFlight, 0)
      assert.isAtMost(report.errors.reset?.count ?? 0, 4)
      // Each of four connections tries after 10, 20, 40, ... 250 ms, then 4 times a second.
      const downtime = report.duration
      assert.isAtMost(report.errors.refused?.count ?? 0, 4 * (6 + downtime / 250) + 4)
    }).pipe(Effect.scoped),
  )

  it.live("ends a run that only its requests would end when nothing answers any more", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(() => {})
      const fiber = yield* Effect.forkChild(
        run({
          url: `http://127.0.0.1:${port}/`,
          requests: 1_000_000,
          deadline: "300 millis",
          timeout: "10 minutes",
        }),
      )
      const report = yield* Fiber.join(fiber)
      assert.strictEqual(report.ended, "deadline")
      assert.deepStrictEqual(report.requests, { sent: 1, ok: 0, failed: 0, inFlight: 1 })
      assert.strictEqual(report.warnings[0]?.code, "unanswered")
    }),
  )

  it.live("ends after so many failures when it is told to", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(
        Servers.always("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
      )
      const report = yield* run({ url: `http://127.0.0.1:${port}/`, duration: "1 hour", bail: 10 })
      assert.strictEqual(report.ended, "bail")
      assert.deepStrictEqual(report.requests, { sent: 10, ok: 0, failed: 10, inFlight: 0 })
    }),
  )

  it.live("ignores answers that nobody asked for, and opens a new connection", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => {
          socket.write(hello)
          setTimeout(
            () => socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
            5,
          )
        }),
      )
      const report = yield* run({ url: `http://127.0.0.1:${port}/`, rate: 20, requests: 5 })
      assert.deepStrictEqual(report.requests, { sent: 5, ok: 5, failed: 0, inFlight: 0 })
    }),
  )
})
