import { createServer, type Server } from "node:http"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer } from "@manycore/testkit"
import { Deferred, Effect, Fiber } from "effect"

import * as LoadTest from "../src/LoadTest.ts"

const server = (routes: Readonly<Record<string, FaultServer.Behaviour>>) =>
  FaultServer.make({ routes: { "/": FaultServer.ok, ...routes } })

const sum = (counts: ReadonlyArray<number>) => counts.reduce((a, b) => a + b, 0)

/** All that holds of every report. */
const run = (...args: Parameters<typeof LoadTest.run>) =>
  Effect.tap(LoadTest.run(...args), (report) =>
    Effect.sync(() => {
      const { failed, inFlight, ok, sent } = report.requests
      assert.strictEqual(sent, ok + failed + inFlight)
      assert.strictEqual(sum(Object.values(report.errors).map(({ count }) => count)), failed)
      assert.strictEqual(sum(Object.values(report.statuses)), report.latency?.count ?? 0)
      for (const { example } of Object.values(report.errors)) assert.isNotEmpty(example)
    }),
  )

describe("LoadTest", () => {
  it.live("sends exactly the requests asked for, over so many kept-alive connections", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { connections, requests, url } = yield* server({})
      const report = yield* run({ url, requests: 500, connections: 50 })
      assert.deepStrictEqual(report.requests, { sent: 500, ok: 500, failed: 0, inFlight: 0 })
      assert.strictEqual(report.ended, "requests")
      assert.strictEqual(requests(), 500)
      assert.strictEqual(connections().accepted, 50)
      assert.deepStrictEqual(report.statuses, { 200: 500 })
      assert.deepStrictEqual(report.errors, {})
      assert.isAbove(report.rate.delivered, 0)
      assert.isAtMost(report.latency?.max ?? Infinity, report.duration)
    }),
  )

  it.live("opens a new connection for each request without keep-alive", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { connections, url } = yield* server({})
      const report = yield* run({ url, requests: 60, connections: 7, keepAlive: false })
      assert.strictEqual(report.requests.ok, 60)
      assert.strictEqual(connections().accepted, 60)
    }),
  )

  it.live("ends at its duration and waits for the answers on their way", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ "/slow": FaultServer.delay("400 millis") })
      const report = yield* run({ url: `${url}/slow`, duration: "200 millis", connections: 3 })
      assert.deepStrictEqual(report.requests, { sent: 3, ok: 3, failed: 0, inFlight: 0 })
      assert.strictEqual(report.ended, "duration")
      assert.isAtLeast(report.latency?.min ?? 0, 399)
      assert.isAtLeast(report.duration, 399)
    }),
  )

  it.live("calls nothing unsent that was due after it was stopped", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server({ "/never": FaultServer.silent })
      const report = yield* run(
        { url: `${url}/never`, rate: 200, duration: "1 minute", grace: "300 millis" },
        { stop: Condition.until("some requests are sent", () => requests() > 20) },
      )
      assert.strictEqual(report.ended, "stopped")
      assert.deepStrictEqual(
        report.warnings.filter(({ code }) => code === "connections"),
        [],
      )
    }),
  )

  it.live("never hangs: what is unanswered after the grace is reported as in flight", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* server({ "/never": FaultServer.silent })
      const report = yield* run({
        url: `${url}/never`,
        duration: "100 millis",
        grace: "100 millis",
        connections: 5,
      })
      assert.deepStrictEqual(report.requests, { sent: 5, ok: 0, failed: 0, inFlight: 5 })
      assert.isNull(report.latency)
      assert.isBelow(report.duration, 2000)
    }),
  )

  it.live.each([
    ["status", "/500", FaultServer.status(500), "500 Internal Server Error"],
    ["status", "/404", FaultServer.status(404), "404 Not Found"],
    ["reset", "/reset", FaultServer.resetAtOnce, "ECONNRESET"],
    ["reset", "/reset", FaultServer.reset, "ECONNRESET"],
    ["reset", "/hangup", FaultServer.hangUp, "closed before an answer"],
    ["replyTimeout", "/silent", FaultServer.silent, "no complete answer within 0.2 s"],
    ["replyTimeout", "/drip", FaultServer.drip({ bytes: 100, every: "50 millis" }), "within 0.2 s"],
    ["malformed", "/malformed", FaultServer.malformed, "not HTTP"],
    ["truncated", "/cut", FaultServer.cut(), "in the middle of the body"],
  ] as const)("puts each request into one class: %s for %s", ([name, path, behaviour, example]) =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* server({ [path]: behaviour })
      const report = yield* run({
        url: url + path,
        requests: 6,
        connections: 3,
        timeout: name === "replyTimeout" ? "200 millis" : "20 seconds",
      })
      assert.deepStrictEqual(report.requests, { sent: 6, ok: 0, failed: 6, inFlight: 0 })
      assert.deepStrictEqual(Object.keys(report.errors), [name])
      assert.strictEqual(report.errors[name]?.count, 6)
      assert.include(report.errors[name]?.example, example)
    }),
  )

  it.live("counts redirects as answers, and answers without a body too", () =>
    Effect.gen(function* () {
      const { url } = yield* server({
        "/": FaultServer.sequence(
          FaultServer.status(302),
          FaultServer.reply({ status: 204, body: "" }),
          FaultServer.ok,
        ),
      })
      const report = yield* run({ url, requests: 3 })
      assert.strictEqual(report.requests.ok, 3)
      assert.deepStrictEqual(report.statuses, { 200: 1, 204: 1, 302: 1 })
      const heads = yield* run({ url, requests: 3, method: "HEAD" })
      assert.strictEqual(heads.requests.ok, 3)
    }),
  )

  it.live("reads answers that the end of their connection ends, and goes on", () =>
    Effect.gen(function* () {
      const { url } = yield* server({
        "/": { _tag: "Malformed", head: "HTTP/1.1 200 OK\r\n\r\nhi" },
      })
      const report = yield* run({ url, requests: 4, connections: 2 })
      assert.strictEqual(report.requests.ok, 4)
    }),
  )

  it.live("says truncated when the head of an answer is cut short", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ "/": { _tag: "Malformed", head: "HTTP/1.1 200 OK\r\ncont" } })
      const report = yield* run({ url, requests: 2 })
      assert.strictEqual(report.errors.truncated?.count, 2)
    }),
  )

  it.live("gives up at once when no connection can be opened", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      const report = yield* run({
        url: `http://127.0.0.1:${port}`,
        requests: 10_000,
        connections: 20,
      })
      assert.deepStrictEqual(report.requests, { sent: 20, ok: 0, failed: 20, inFlight: 0 })
      assert.strictEqual(report.ended, "unreachable")
      assert.include(report.errors.refused?.example, "ECONNREFUSED")
    }),
  )

  it.live("says dns for a name that does not exist", () =>
    Effect.gen(function* () {
      // A label longer than DNS allows fails at once, without asking anybody.
      const url = `http://${"x".repeat(64)}.invalid/`
      const report = yield* run({ url, requests: 3, connections: 3 })
      assert.strictEqual(report.errors.dns?.count, 3)
      assert.strictEqual(report.ended, "unreachable")
    }),
  )

  it.live("does not hammer a server that has gone", () =>
    Effect.gen(function* () {
      const { url } = yield* FaultServer.make({
        routes: { "/": FaultServer.sequence(FaultServer.ok, FaultServer.resetAtOnce) },
      })
      const report = yield* run({ url, duration: "600 millis", connections: 2 })
      assert.strictEqual(report.requests.ok, 1)
      // Two connections that wait 0, 10, 20, 40, 80, 160, 250 ms: about 14 attempts, not thousands.
      assert.isAtMost(report.errors.reset?.count ?? Infinity, 20)
    }),
  )

  it.live("sends the method, path and headers of the plan, several values included", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const listener = yield* Effect.acquireRelease(
        Effect.callback<Server>((resume) => {
          const server = createServer(({ headers, method, url }, response) => {
            seen.push([method, url, headers["accept"], headers["x-many"], headers["connection"]])
            response.end()
          }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void))),
      )
      const address = listener.address()
      const port = typeof address === "object" ? address?.port : undefined
      yield* run({
        url: `http://127.0.0.1:${port}/a%20b?c=d#e`,
        requests: 1,
        method: "DELETE",
        headers: { accept: "text/plain", "x-many": ["a", "b"] },
      })
      assert.deepStrictEqual(seen, [["DELETE", "/a%20b?c=d", "text/plain", "a, b", "keep-alive"]])
    }),
  )

  it.live("stops early on demand and still reports", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { requests, url } = yield* server({})
      const report = yield* run(
        { url, duration: "1 hour", connections: 2 },
        { stop: Condition.until("a hundred requests were served", () => requests() >= 100) },
      )
      assert.strictEqual(report.ended, "stopped")
      assert.isAtLeast(report.requests.ok, 99)
    }),
  )

  it.live("runs side by side: one request held in flight while another route is measured", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { requests, url } = yield* server({ "/slow": FaultServer.delay("10 seconds") })
      const slow = yield* LoadTest.start({
        url: `${url}/slow`,
        duration: "1 hour",
        grace: 0,
        timeout: "1 minute",
      })
      yield* Condition.until("the slow request has arrived", () => requests("/slow") === 1)
      const fast = yield* run({ url, duration: "200 millis", connections: 4 })
      assert.isAbove(fast.requests.ok, 4)
      assert.deepStrictEqual((yield* slow.snapshot).requests, {
        sent: 1,
        ok: 0,
        failed: 0,
        inFlight: 1,
      })
      const report = yield* slow.stop
      assert.deepStrictEqual(report.requests, { sent: 1, ok: 0, failed: 0, inFlight: 1 })
      assert.deepStrictEqual(yield* slow.report, report)
    }).pipe(Effect.scoped),
  )

  it.live("closes every socket when it is interrupted", () =>
    Effect.gen(function* () {
      const { connections, requests, url } = yield* server({ "/never": FaultServer.silent })
      const fiber = yield* Effect.forkChild(
        LoadTest.run({ url: `${url}/never`, duration: "1 hour", connections: 10 }),
      )
      yield* Condition.until("all requests have arrived", () => requests() === 10)
      assert.strictEqual(connections().open, 10)
      yield* Fiber.interrupt(fiber)
      yield* Condition.until("the server has no connection left", () => connections().open === 0)
    }),
  )

  it.live("stops and reports too when what it was to wait for fails", () =>
    Effect.gen(function* () {
      const { url } = yield* server({})
      const report = yield* run({ url, duration: "1 hour" }, { stop: Effect.fail("lost") })
      assert.strictEqual(report.ended, "stopped")
    }),
  )

  it.live("interrupts whoever waits for the report of a run whose Scope was closed", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ "/never": FaultServer.silent })
      const begun = yield* Deferred.make<LoadTest.Run>()
      const owner = yield* Effect.forkChild(
        Effect.scoped(
          LoadTest.start({ url: `${url}/never` }).pipe(
            Effect.flatMap((started) => Deferred.succeed(begun, started)),
            Effect.andThen(Effect.never),
          ),
        ),
      )
      const waiting = yield* Effect.forkChild((yield* Deferred.await(begun)).report)
      yield* Fiber.interrupt(owner)
      const exit = yield* Fiber.await(waiting)
      assert.strictEqual(exit._tag, "Failure")
    }),
  )

  it.live("fails with the reason when the plan is not valid, before it opens anything", () =>
    Effect.gen(function* () {
      const field = yield* LoadTest.run({ url: "http://127.0.0.1", connections: 0 }).pipe(
        Effect.as("ran"),
        Effect.catchReason("LoadTestError", "InvalidPlan", (reason) =>
          Effect.succeed(reason.field),
        ),
      )
      assert.strictEqual(field, "connections")
    }),
  )
})
