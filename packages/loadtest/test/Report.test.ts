import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

import * as Report from "../src/Report.ts"
import { dead, failing, latency, open, report } from "./fixtures/reports.ts"

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

  it("does not call requests answered that were not", () => {
    assert.strictEqual(
      Report.headline({
        ...report,
        requests: { sent: 200, ok: 0, failed: 0, inFlight: 200 },
        latency: null,
      }),
      "200 requests, none answered; 200 still unanswered at the end and in no latency.",
    )
  })

  it("says which thresholds did not hold, and what to doubt", () => {
    const held = { threshold: "p50 < 1s", actual: 3, unit: "ms", ok: true } as const
    const failed = { threshold: "p99 < 1s", actual: 2000, unit: "ms", ok: false } as const
    assert.strictEqual(
      Report.headline({ ...report, thresholds: [held, held] }),
      "500 requests, all answered; 12,345 requests/s; all 2 thresholds held.",
    )
    assert.strictEqual(
      Report.headline({
        ...report,
        rate: { asked: 20_000, delivered: 12_345.4 },
        thresholds: [held, failed],
        warnings: [
          { code: "rate", message: "too slow" },
          { code: "saturated", message: "busy" },
        ],
      }),
      "500 requests, all answered; 12,345 requests/s of 20,000 asked; did not hold: p99 < 1s; doubt it: the generator was saturated.",
    )
  })

  it.effect("is the same after a way through JSON", () =>
    Effect.gen(function* () {
      for (const one of [report, failing, dead, open]) {
        const text = JSON.stringify(Report.encode(one))
        const again = yield* Report.decode(JSON.parse(text))
        assert.strictEqual(JSON.stringify(Report.encode(again)), text)
      }
    }),
  )

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
})
