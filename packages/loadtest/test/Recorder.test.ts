import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Recorder from "../src/internal/Recorder.ts"

const Micros = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3_600_000_000 }))

describe("Recorder", () => {
  it("has no latency before the first answer", () => {
    const recorder = Recorder.make()
    recorder.sent()
    recorder.failed("replyTimeout", "too late")
    assert.isNull(recorder.latency())
    assert.deepStrictEqual(recorder.errors(), { replyTimeout: { count: 1, example: "too late" } })
  })

  it("keeps the first example of each class", () => {
    const recorder = Recorder.make()
    for (const status of [500, 503]) {
      recorder.sent()
      recorder.answered(status, "Reason", 1)
    }
    assert.deepStrictEqual(recorder.errors(), { status: { count: 2, example: "500 Reason" } })
    assert.deepStrictEqual(recorder.statuses(), { 500: 1, 503: 1 })
  })

  it.prop(
    "counts every request once, whatever becomes of it",
    [Schema.Array(Schema.Literals([200, 204, 302, 404, 500, "reset", "replyTimeout", "nothing"]))],
    ([fates]) => {
      const recorder = Recorder.make()
      for (const fate of fates) {
        recorder.sent()
        if (typeof fate === "number") recorder.answered(fate, "", 1)
        else if (fate !== "nothing") recorder.failed(fate, "")
      }
      const { failed, inFlight, ok, sent } = recorder.requests()
      assert.strictEqual(sent, fates.length)
      assert.strictEqual(sent, ok + failed + inFlight)
      assert.strictEqual(inFlight, fates.filter((fate) => fate === "nothing").length)
      const counted = Object.values(recorder.errors()).reduce((sum, { count }) => sum + count, 0)
      assert.strictEqual(counted, failed)
      assert.strictEqual(
        recorder.answers(),
        fates.filter((fate) => typeof fate === "number").length,
      )
    },
  )

  it.prop(
    "gives each percentile within a thousandth of the true one, and the extremes exactly",
    [Schema.NonEmptyArray(Micros)],
    ([micros]) => {
      const recorder = Recorder.make()
      for (const value of micros) {
        recorder.sent()
        recorder.answered(200, "OK", value / 1000)
      }
      const sorted = micros.toSorted((a, b) => a - b)
      const latency = recorder.latency()
      assert.isNotNull(latency)
      assert.strictEqual(latency.count, micros.length)
      assert.strictEqual(latency.min, (sorted[0] ?? 0) / 1000)
      assert.strictEqual(latency.max, (sorted.at(-1) ?? 0) / 1000)
      for (const [percentile, found] of [
        [50, latency.p50],
        [90, latency.p90],
        [99, latency.p99],
      ] as const) {
        const rank = Math.max(1, Math.ceil((percentile * sorted.length) / 100))
        const exact = (sorted[rank - 1] ?? 0) / 1000
        assert.isAtLeast(found, exact)
        assert.isAtMost(found, exact * 1.001 + 0.001)
      }
    },
  )
})
