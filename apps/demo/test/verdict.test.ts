import { assert, describe, it } from "@effect/vitest"

import { bar, table } from "../src/experiments/bars.ts"
import { type Case, verdict } from "../src/experiments/fastAndSlow.ts"

const measured = (workers: number, mean: number, p90: number): Case => {
  const answers = { requests: 20, failed: 0, mean, p50: mean, p90, p99: p90, max: p90 }
  return { workers, fast: answers, slow: answers }
}

describe("the verdict of fast-and-slow", () => {
  it("says that a second worker helps when it does, and what is left", () => {
    assert.strictEqual(
      verdict(measured(1, 300, 400), measured(2, 4, 300)),
      "While / holds the loop, /fast waits for it: 300 ms on average with one worker, 4.00 ms with two; it still waits whenever the next connection is the busy worker's turn.",
    )
    assert.notInclude(verdict(measured(1, 300, 400), measured(2, 4, 5)), "still waits")
  })

  it("says so when it does not help", () => {
    assert.match(
      verdict(measured(1, 300, 400), measured(2, 290, 400)),
      /^A second worker did not help \/fast here/,
    )
  })
})

describe("bars and tables", () => {
  it("a bar is as long as its share, and what is not 0 shows", () => {
    assert.strictEqual(bar(10, 10, 4), "████")
    assert.strictEqual(bar(5, 10, 3), "█▌")
    assert.strictEqual(bar(0.0001, 10, 4), "▏")
    assert.strictEqual(bar(0, 10, 4), "")
    assert.strictEqual(bar(20, 10, 4), "████")
  })

  it("columns are as wide as their widest cell", () => {
    assert.deepStrictEqual(
      table([
        ["a", "10"],
        ["bcd", "9"],
      ]),
      ["a     10", "bcd    9"],
    )
  })
})
