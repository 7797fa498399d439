import { assert, describe, it } from "@effect/vitest"
import { Sizing } from "@manycore/cluster"

describe("Sizing", () => {
  const table: ReadonlyArray<readonly [Sizing.Sizing, cores: number, number | undefined]> = [
    ["max", 8, 8],
    [0, 8, 8],
    [3, 8, 3],
    [12, 8, 12],
    [-1, 8, 7],
    [-8, 8, 1],
    [-100, 8, 1],
    [0.5, 8, 4],
    [0.5, 1, 1],
    [0.01, 8, 1],
    ["50%", 8, 4],
    ["150%", 8, 12],
    ["0%", 8, undefined],
    [1.5, 8, undefined],
    [-0.5, 8, undefined],
    [Number.NaN, 8, undefined],
    [Infinity, 8, undefined],
  ]
  for (const [sizing, cores, workers] of table) {
    it(`${sizing} on ${cores} cores is ${workers ?? "no size"}`, () => {
      assert.strictEqual(Sizing.resolve(sizing, cores), workers)
    })
  }
})
