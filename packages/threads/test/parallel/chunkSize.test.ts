import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as ChunkSize from "../../src/internal/parallel/chunkSize.ts"

const Millis = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))
const Items = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))

describe("the size of a chunk", () => {
  it("is one at first, then as many as take the time, growing fourfold at most", () => {
    let pace = ChunkSize.start
    const sizes: Array<number> = []
    for (let i = 0; i < 6; i++) {
      const size = ChunkSize.choose(pace, 10, undefined, 2)
      sizes.push(size)
      // 0.1 ms for each item.
      pace = ChunkSize.learn(pace, size, size * 0.1)
    }
    assert.deepStrictEqual(sizes, [1, 4, 16, 64, 100, 100])
  })

  it("is one for slow items, and shrinks when they become slow", () => {
    let pace = ChunkSize.learn(ChunkSize.start, 1, 500)
    assert.strictEqual(ChunkSize.choose(pace, 10, undefined, 2), 1)
    pace = ChunkSize.learn({ perItem: 0.01, reach: 4000 }, 1000, 1000)
    assert.isBelow(ChunkSize.choose(pace, 10, undefined, 2), 21)
  })

  it("shares out what is left", () => {
    const pace = { perItem: 0.001, reach: 100_000 }
    assert.strictEqual(ChunkSize.choose(pace, 10, 100, 4), 13)
    assert.strictEqual(ChunkSize.choose(pace, 10, 1, 4), 1)
    assert.strictEqual(ChunkSize.choose(pace, 10, 0, 4), 1)
  })

  it("of items that take no measurable time is bounded by what was tried", () => {
    const pace = ChunkSize.learn(ChunkSize.start, 1, 0)
    assert.strictEqual(ChunkSize.choose(pace, 10, undefined, 1), 4)
  })

  it.prop(
    "is a whole number from 1, never beyond what was tried or what is left",
    [Schema.Array(Schema.Tuple([Items, Millis])), Items],
    ([measured, remaining]) => {
      let pace = ChunkSize.start
      let tried = 1
      for (const [items, millis] of measured) {
        pace = ChunkSize.learn(pace, items, millis)
        tried = Math.max(tried, items * 4)
      }
      const size = ChunkSize.choose(pace, 10, remaining, 2)
      assert.isTrue(Number.isInteger(size) && size >= 1)
      assert.isAtMost(size, tried)
      assert.isAtMost(size, remaining)
    },
  )
})
