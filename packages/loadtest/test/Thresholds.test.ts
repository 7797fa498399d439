import { assert, describe, it } from "@effect/vitest"

import * as Thresholds from "../src/Thresholds.ts"

const facts: Thresholds.Facts = {
  time: (of, stat) =>
    of === "lateness" ? null : { p: stat === 99.9 ? 250 : 120 }.p + (of === "service" ? -100 : 0),
  requests: { sent: 1000, ok: 990, failed: 10 },
  rate: { asked: 500, delivered: 495 },
}

const judge = (sentence: string, given = facts) =>
  Thresholds.judge(Thresholds.parse(sentence), given)

describe("Thresholds", () => {
  it.each<[string, number | null, Thresholds.Verdict["unit"], boolean]>([
    ["p99 < 200ms", 120, "ms", true],
    ["p99.9<0.2s", 250, "ms", false],
    ["P999 <= 250 ms", 250, "ms", true],
    ["mean >= 120000us", 120, "ms", true],
    ["max > 2m", 120, "ms", false],
    ["service.p50 < 21ms", 20, "ms", true],
    ["lateness.max < 1s", null, "ms", false],
    ["failed < 1%", 1, "%", false],
    ["failed <= 10", 10, "requests", true],
    ["ok >= 99%", 99, "%", true],
    ["rate >= 99%", 99, "%", true],
    ["rate > 494.5", 495, "requests/s", true],
    ["rate > 500/s", 495, "requests/s", false],
  ])("judges %s", (sentence, actual, unit, ok) => {
    assert.deepStrictEqual(judge(sentence), { threshold: sentence, actual, unit, ok })
  })

  it("does not hold when there was nothing to measure", () => {
    const nothing: Thresholds.Facts = {
      time: () => null,
      requests: { sent: 0, ok: 0, failed: 0 },
      rate: { asked: null, delivered: 0 },
    }
    for (const sentence of ["p99 < 1h", "failed < 100%", "rate >= 0%"]) {
      assert.isFalse(judge(sentence, nothing).ok, sentence)
    }
  })

  it.each<[string, string]>([
    ["", 'must look like "p99 < 200ms"'],
    ["p99 = 3ms", 'must look like "p99 < 200ms"'],
    ["p99 < -3ms", 'must look like "p99 < 200ms"'],
    ["p99 < 200", "must compare p99 with a time such as 200ms"],
    ["p99 < 5%", "must compare p99 with a time"],
    ["p0 < 5ms", "must measure min, mean, max"],
    ["p101 < 5ms", "must measure min, mean, max"],
    ["foo.p99 < 5ms", "must measure min, mean, max"],
    ["latencies < 5ms", "must measure min, mean, max"],
    ["failed < 5ms", "must compare failed with a number or a share"],
  ])("refuses %j with a sentence", (sentence, problem) => {
    assert.include(Thresholds.problem(sentence), problem)
    assert.throws(() => Thresholds.parse(sentence), problem)
  })
})
