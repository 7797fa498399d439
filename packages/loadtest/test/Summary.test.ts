import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"

import * as Summary from "../src/cli/Summary.ts"
import * as Plan from "../src/Plan.ts"
import * as Report from "../src/Report.ts"

const plan = Effect.runSync(
  Plan.make({ url: "http://127.0.0.1:3000/fast", requests: 500, connections: 50 }),
)

const latency: Report.Latency = {
  unit: "ms",
  count: 500,
  min: 0.512,
  mean: 3.2,
  stddev: 1,
  p50: 2.5,
  p75: 3,
  p90: 12.34,
  p95: 15,
  p99: 1234,
  p999: 1300,
  p9999: 1400,
  max: 61_000,
}

const report: Report.Report = {
  version: 1,
  plan,
  environment: {
    manyload: "0.0.0",
    node: "v26.0.0",
    platform: "linux",
    arch: "x64",
    cpu: "a cpu",
    cores: 2,
    startedAt: "2026-01-01T00:00:00.000Z",
  },
  model: "closed",
  ended: "requests",
  requests: { sent: 500, ok: 500, failed: 0, inFlight: 0 },
  rate: { asked: null, delivered: 12_345.4 },
  latency,
  statuses: { 200: 500 },
  errors: {},
  service: latency,
  lateness: null,
  bytes: { sent: 0, received: 0 },
  series: [],
  thresholds: [],
  histogram: null,
  routes: [],
  warnings: [],
  duration: 40.5,
}

const failing: Report.Report = {
  ...report,
  ended: "stopped",
  requests: { sent: 500, ok: 380, failed: 118, inFlight: 2 },
  statuses: { 200: 380, 503: 100 },
  errors: {
    reset: { count: 18, example: "read ECONNRESET" },
    status: { count: 100, example: "503 Bad\u001B[2J" },
  },
}

const dead: Report.Report = {
  ...report,
  ended: "unreachable",
  requests: { sent: 50, ok: 0, failed: 50, inFlight: 0 },
  rate: { asked: null, delivered: 0 },
  latency: null,
  statuses: {},
  errors: { refused: { count: 50, example: "connect ECONNREFUSED 127.0.0.1:1" } },
}

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e9 }))

describe("Report", () => {
  it("says in one sentence what became of the requests", () => {
    assert.strictEqual(Report.headline(report), "500 requests, all answered; 12,345 requests/s.")
    assert.strictEqual(
      Report.headline(failing),
      "500 requests, 118 failed: 100 status, 18 reset; 2 still unanswered at the end and in no latency; 12,345 requests/s; stopped early.",
    )
    assert.strictEqual(
      Report.headline(dead),
      "50 requests, none succeeded: 50 refused (connect ECONNREFUSED 127.0.0.1:1); gave up.",
    )
  })

  it.effect("is the same after a way through JSON", () =>
    Effect.gen(function* () {
      for (const one of [report, failing, dead]) {
        const text = JSON.stringify(Report.encode(one))
        const again = yield* Report.decode(JSON.parse(text))
        assert.strictEqual(JSON.stringify(Report.encode(again)), text)
      }
    }),
  )
})

describe("Summary", () => {
  it("aligns its columns under one honest sentence", () => {
    assert.strictEqual(
      Summary.render(report, false),
      `500 requests, all answered; 12,345 requests/s.

  target    GET http://127.0.0.1:3000/fast
  load      50 connections, keep-alive, closed model, 40.5 ms
  rate      12,345 requests/s

                min       p50       p90      p99      max      mean
  latency   0.51 ms   2.50 ms   12.3 ms   1.23 s   1m 01s   3.20 ms
  statuses  500 × 200
  errors    none
`,
    )
  })

  it("shows errors by class, the most frequent first, each with an example", () => {
    assert.include(
      Summary.render(failing, false),
      `  errors    100 status     such as: 503 Bad [2J
             18 reset      such as: read ECONNRESET
`,
    )
  })

  it("uses colours only when it may", () => {
    // oxlint-disable-next-line no-control-regex
    const codes = /\u001B\[\d+m/g
    const colored = Summary.render(failing, true)
    const plain = Summary.render(failing, false)
    assert.match(colored, codes)
    assert.notMatch(plain, codes)
    assert.strictEqual(colored.replaceAll(codes, ""), plain)
  })

  it.prop(
    "sums up any run on one line",
    { ok: Count, failed: Count, inFlight: Count, rate: Schema.Finite, count: Count },
    ({ count, failed, inFlight, ok, rate }) => {
      const line = Report.headline({
        ...report,
        requests: { sent: ok + failed + inFlight, ok, failed, inFlight },
        rate: { asked: null, delivered: Math.abs(rate) },
        errors: failed === 0 ? {} : { replyTimeout: { count: failed, example: "late" } },
        latency: count === 0 ? null : latency,
      })
      assert.match(line, /^[^\n]+\.$/)
      assert.notInclude(line, "NaN")
    },
  )

  it("shows how far a run is by what will end it first", () => {
    const now = {
      elapsed: 2000,
      requests: { sent: 100, ok: 90, failed: 5, inFlight: 5 },
      rate: { asked: null, delivered: 47.5 },
      latency: null,
    }
    const share = (limits: { requests?: number; duration?: Duration.Duration }) =>
      Summary.progress(limits, now).slice(0, 5)
    assert.strictEqual(share({ requests: 200 }), " 50 %")
    assert.strictEqual(share({ duration: Duration.seconds(10) }), " 20 %")
    assert.strictEqual(share({ requests: 1000, duration: Duration.seconds(4) }), " 50 %")
  })
})
