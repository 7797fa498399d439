import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import { Statistics } from "../src/index.ts"

const Values = Schema.NonEmptyArray(Schema.Finite)

describe("Statistics", () => {
  it.each([
    [[3], 3],
    [[3, 1], 2],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
    [[Number.MAX_VALUE, Number.MAX_VALUE], Number.MAX_VALUE],
  ] as const)("takes the median of %j", (values, expected) => {
    assert.strictEqual(Statistics.median(values), expected)
  })

  it("has no median of nothing", () => assert.isNaN(Statistics.median([])))

  it.prop(
    "the median is between min and max, in the middle, whatever the order",
    [Values],
    ([values]) => {
      const { max, median, min } = Statistics.spread(values)
      assert.isTrue(min <= median && median <= max)
      assert.isAtLeast(values.filter((value) => value <= median).length, values.length / 2)
      assert.isAtLeast(values.filter((value) => value >= median).length, values.length / 2)
      assert.strictEqual(Statistics.median(values.toReversed()), median)
    },
  )

  it.each([
    [100, 200, 0.5],
    [200, 200, 1],
    [100, undefined, null],
    [100, 0, null],
    [Number.MAX_VALUE, Number.MIN_VALUE, null],
    [0, 5, 0],
  ] as const)("relates %j to raw %j", (value, raw, expected) => {
    assert.strictEqual(Statistics.ratio(value, raw), expected)
  })
})
