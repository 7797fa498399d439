import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer } from "@manycore/testkit"
import { Deferred, Effect, Fiber } from "effect"

import * as Find from "../src/Find.ts"
import * as TestServer from "../src/TestServer.ts"

const quick = { probe: "700 millis", precision: 0.3 } as const

describe("Find", () => {
  it.live("finds the capacity of a server", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      // 5 ms each, one at a time: 200 per second, and not one more.
      const server = yield* TestServer.start({ concurrency: 1, latency: "5 millis" })
      const seen: Array<number> = []
      const report = yield* Find.run(
        { url: server.url, warmup: 0, thresholds: ["p90 < 60ms"] },
        { ...quick, onProbe: ({ rate }) => Effect.sync(() => seen.push(rate)) },
      )
      assert.strictEqual(report.ended, "found")
      // Above the capacity the line grows: of 400 per second the tenth last waits for 300 ms.
      assert.isBelow(report.rate ?? Infinity, 300)
      assert.isAtLeast(report.rate ?? 0, 10)
      assert.deepStrictEqual(
        seen,
        report.probes.map(({ rate }) => rate),
      )
      assert.deepStrictEqual(report.thresholds, ["p90 < 60ms", "failed < 1%", "rate >= 98%"])
      const failed = report.probes.filter(({ held }) => !held)
      assert.isAtLeast(failed.length, 2)
      for (const { broken } of failed) assert.isNotEmpty(broken)
      assert.match(
        Find.headline(report),
        /^[\d.]+ requests\/s held \(p90 < 60ms, .*\), [\d.]+ did not; in \d+ tries\.$/,
      )
      const again = yield* Find.decode(JSON.parse(JSON.stringify(Find.encode(report))))
      assert.deepStrictEqual(Find.encode(again), Find.encode(report))
    }),
  )

  it.live("stops at the highest rate that is allowed", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start()
      const report = yield* Find.run(
        { url: server.url, warmup: 0, thresholds: ["p50 < 1s", "rate >= 50%"] },
        { ...quick, from: 50, max: 80 },
      )
      assert.deepStrictEqual([report.rate, report.ended], [80, "max"])
      assert.deepStrictEqual(report.thresholds, ["p50 < 1s", "rate >= 50%", "failed < 1%"])
      assert.include(Find.headline(report), "80 requests/s held")
    }),
  )

  it.live("does not take quick errors for answers", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({ statuses: { 500: 0.5 } })
      const report = yield* Find.run(
        { url: server.url, warmup: 0, thresholds: ["p99 < 5s"] },
        { ...quick, from: 20, min: 20 },
      )
      assert.deepStrictEqual([report.rate, report.ended], [null, "min"])
      assert.include(report.probes[0]?.broken ?? [], "failed < 1%")
      assert.strictEqual(
        Find.headline(report),
        "No rate held (p99 < 5s, failed < 1%, rate >= 98%), not even 20 requests/s; in 2 tries.",
      )
    }),
  )

  it.live("gives up at once when nobody is there", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      const report = yield* Find.run(
        { url: `http://127.0.0.1:${port}/`, warmup: 0, thresholds: ["p99 < 1s"] },
        quick,
      )
      assert.deepStrictEqual([report.rate, report.ended], [null, "unreachable"])
      assert.lengthOf(report.probes, 1)
      assert.match(Find.headline(report), /^Nothing answered; no rate held/)
    }),
  )

  it.live("ends early when told to, with what it knows", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start()
      const stop = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkScoped(
        Find.run(
          { url: server.url, warmup: 0, thresholds: ["p99 < 5s"] },
          { probe: "1 hour", stop: Deferred.await(stop) },
        ),
      )
      yield* Condition.until("requests arrive", () => server.counts().requests > 3)
      yield* Deferred.succeed(stop, undefined)
      const report = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        [report.rate, report.ended, report.probes.length],
        [null, "stopped", 0],
      )
      assert.match(Find.headline(report), /^Stopped early; no rate had held yet/)
    }),
  )

  it.live.each<[Parameters<typeof Find.run>, string]>([
    [[{ url: "http://a/" }], 'thresholds are missing: say what must hold, "p99 < 200ms"'],
    [
      [{ url: "http://a/", rate: 5, thresholds: ["p99 < 1s"] }],
      "rate is for the search to choose: leave it out",
    ],
    [
      [
        { url: "http://a/", thresholds: ["p99 < 1s"] },
        { min: 5, max: 4 },
      ],
      "min must be above 0 and not above the highest",
    ],
    [[{ url: "a", thresholds: ["p99 < 1s"] }], "url must start with"],
  ])("refuses what it cannot search: %j", ([given, sentence]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Find.run(...given))
      assert.include(error.message, sentence)
    }),
  )
})
