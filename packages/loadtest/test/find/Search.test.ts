import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Search from "../../src/internal/find/Search.ts"

const limits: Search.Limits = { min: 1, max: 1_000_000, from: 100, precision: 0.05 }

/** Searches a service that holds what `holds` says; the rates that were tried, and the end. */
const search = (
  holds: (rate: number, attempt: number) => boolean,
  given: Partial<Search.Limits> = {},
) => {
  const all = { ...limits, ...given }
  const tried: Array<number> = []
  let state = Search.begin
  for (;;) {
    const next = Search.next(state, all)
    if (next._tag === "End") return { tried, rate: state.low, ended: next.ended }
    tried.push(next.rate)
    assert.isBelow(tried.length, 100)
    state = Search.after(state, next.rate, holds(next.rate, tried.length))
  }
}

const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 900_000 }))

describe("Search", () => {
  it("doubles while it holds, then closes in; what fails is tried twice", () => {
    assert.deepStrictEqual(
      search((rate) => rate <= 500),
      { tried: [100, 200, 400, 800, 800, 566, 566, 476, 519, 519, 497], rate: 497, ended: "found" },
    )
  })

  it("halves until one holds", () => {
    assert.deepStrictEqual(
      search((rate) => rate <= 30),
      {
        tried: [100, 100, 50, 50, 25, 35.4, 35.4, 29.7, 32.4, 32.4, 31, 31],
        rate: 29.7,
        ended: "found",
      },
    )
  })

  it("knows its limits", () => {
    assert.deepStrictEqual(
      search(() => true, { max: 700 }),
      { tried: [100, 200, 400, 700], rate: 700, ended: "max" },
    )
    assert.deepStrictEqual(
      search(() => false, { min: 40 }),
      { tried: [100, 100, 50, 50, 40, 40], rate: null, ended: "min" },
    )
    assert.deepStrictEqual(search(() => true, { from: 5000, max: 700 }).tried, [700])
  })

  it("is not led astray by a single failure", () => {
    const { rate } = search((tried, attempt) => tried <= 500 && attempt !== 2)
    assert.strictEqual(rate, 497)
  })

  it.prop("finds any capacity to its precision, in few tries", [Capacity], ([capacity]) => {
    const { ended, rate, tried } = search((tried) => tried <= capacity)
    assert.strictEqual(ended, "found")
    assert.isAtMost(rate ?? Infinity, capacity)
    assert.isAtLeast((rate ?? 0) * 1.0501, Math.min(capacity, (rate ?? 0) * 1.05))
    assert.isAtMost(capacity / (rate ?? 0), 1.06)
    assert.isAtMost(tried.length, 30)
  })
})
