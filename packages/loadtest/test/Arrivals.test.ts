import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Arrivals from "../src/Arrivals.ts"

const take = (arrivals: Arrivals.Arrivals, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, arrivals.next)

/** Those before a time, in ms. */
const until = (arrivals: Arrivals.Arrivals, time: number): ReadonlyArray<number> => {
  const times: Array<number> = []
  for (let next = arrivals.next(); next < time; next = arrivals.next()) times.push(next)
  return times
}

const Rate = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
const StageSchema = Schema.Struct({
  duration: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5000 })),
  rate: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 })),
})

describe("Arrivals", () => {
  it("come at even distances at a constant rate, without an error that adds up", () => {
    assert.deepStrictEqual(take(Arrivals.make({ rate: 200 }), 4), [0, 5, 10, 15])
    const arrivals = Arrivals.make({ rate: 3000 })
    const times = take(arrivals, 3_000_001)
    assert.approximately(times.at(-1) ?? 0, 1_000_000, 1e-6)
  })

  it("ramp in a straight line, then hold the last rate", () => {
    const arrivals = Arrivals.make({ rate: 0, stages: [{ duration: 1000, rate: 100 }] })
    // Half of the arrivals of a full rate come within the ramp: 50.
    assert.approximately(arrivals.expected(1000), 50, 1e-9)
    assert.approximately(arrivals.expected(500), 12.5, 1e-9)
    assert.approximately(arrivals.expected(3000), 250, 1e-9)
    assert.strictEqual(arrivals.rateAt(250), 25)
    assert.strictEqual(arrivals.rateAt(9000), 100)
    const times = take(arrivals, 151)
    assert.approximately(times[50] ?? 0, 1000, 1e-9)
    assert.approximately(times[150] ?? 0, 2000, 1e-9)
  })

  it("never come again after a ramp to 0", () => {
    const arrivals = Arrivals.make({ rate: 100, stages: [{ duration: 1000, rate: 0 }] })
    assert.strictEqual(until(arrivals, Infinity).length, 50)
    assert.strictEqual(arrivals.next(), Infinity)
  })

  it.prop(
    "never go back in time, and as many come as are expected",
    { rate: Rate, stages: Schema.Array(StageSchema) },
    ({ rate, stages }) => {
      const options = { rate, stages: stages.slice(0, 4) }
      const arrivals = Arrivals.make(options)
      const times = until(arrivals, 6000)
      times.forEach((time, i) => assert.isAtLeast(time, times[i - 1] ?? 0))
      assert.approximately(times.length, arrivals.expected(6000), 1.001)
    },
  )

  it.prop(
    "are the same for all threads together as for one alone",
    {
      rate: Rate,
      parts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
      arrivals: Schema.Literals(["constant", "poisson"]),
      seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 32 - 1 })),
    },
    ({ parts, ...options }) => {
      const alone = take(Arrivals.make(options), 20 * parts)
      const shares = Array.from({ length: parts }, (_, part) =>
        take(Arrivals.share(Arrivals.make(options), part, parts), 20),
      )
      assert.deepStrictEqual(
        shares.flat().toSorted((a, b) => a - b),
        alone,
      )
    },
  )

  it("are random, with the rate that was asked for, when they are Poisson's", () => {
    const arrivals = Arrivals.make({ rate: 1000, arrivals: "poisson", seed: 7 })
    const times = until(arrivals, 100_000)
    // The standard deviation of the count is its square root, 316: five of them.
    assert.approximately(times.length, 100_000, 1600)
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0))
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
    // The gaps are distributed exponentially: their deviation is their mean.
    assert.approximately(deviation / mean, 1, 0.02)
    assert.approximately(gaps.filter((gap) => gap > mean).length / gaps.length, Math.exp(-1), 0.01)
    assert.deepStrictEqual(
      until(Arrivals.make({ rate: 1000, arrivals: "poisson", seed: 7 }), 100),
      times.filter((time) => time < 100),
    )
    assert.notDeepEqual(
      until(Arrivals.make({ rate: 1000, arrivals: "poisson", seed: 8 }), 100),
      times.filter((time) => time < 100),
    )
  })
})
