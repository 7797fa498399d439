import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Distribution from "../src/Distribution.ts"
import { histogram } from "./fixtures/reports.ts"

const total = (bars: ReadonlyArray<Distribution.Bar>): number =>
  bars.reduce((sum, { count }) => sum + count, 0)

const Latencies = Schema.Array(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_600_000 })),
)

describe("Distribution", () => {
  it("cuts the range into bars, each as many times longer than the last", () => {
    const bars = Distribution.make(histogram([1, 1, 5, 50, 500, 999, 1000]), 3)
    assert.deepStrictEqual(
      bars.map(({ count, from, to }) => [Math.round(from), Math.round(to), count]),
      [
        [1, 10, 3],
        [10, 100, 1],
        [100, 1000, 3],
      ],
    )
  })

  it("has one bar for latencies that are alike, none for none", () => {
    assert.deepStrictEqual(
      Distribution.make(histogram([2, 2, 2])).map(({ count }) => count),
      [3],
    )
    assert.deepStrictEqual(Distribution.make(histogram([])), [])
  })

  it("has one bar for latencies too short to be told from nothing", () => {
    assert.deepStrictEqual(Distribution.make(histogram([0, 0])), [
      { from: 0.001, to: 0.001, count: 2 },
    ])
  })

  it.prop("loses no latency, whatever they are", [Latencies], ([latencies]) => {
    const bars = Distribution.make(histogram(latencies))
    assert.strictEqual(total(bars), latencies.length)
    assert.isAtMost(bars.length, 10)
    bars.forEach(({ from, to }, i) => {
      assert.isAtLeast(to, from)
      assert.strictEqual(from, i === 0 ? from : bars[i - 1]?.to)
    })
  })

  it("refuses what is no histogram", () => {
    assert.throws(() => Distribution.make("bm9uZQ=="))
  })
})
