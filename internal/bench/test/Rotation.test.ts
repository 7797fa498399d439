import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import { plan, rotate } from "../src/Rotation.ts"

const Items = Schema.Array(Schema.String)
const Round = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 }))

describe("rotate", () => {
  it.each([
    [[], 3, []],
    [["a", "b", "c"], 0, ["a", "b", "c"]],
    [["a", "b", "c"], 1, ["b", "c", "a"]],
    [["a", "b", "c"], 5, ["c", "a", "b"]],
  ] as const)("rotates %j by %d", (items, by, expected) => {
    assert.deepStrictEqual(rotate<string>(items, by), expected)
  })

  it.prop("loses and adds nothing, and comes round", [Items, Round], ([items, by]) => {
    assert.deepStrictEqual(rotate(items, by).toSorted(), items.toSorted())
    assert.deepStrictEqual(rotate(rotate(items, by), items.length * 3), rotate(items, by))
  })

  it.prop("gives each item each place once over as many rounds as items", [Items], ([items]) => {
    const numbered = items.map((_, index) => index)
    for (const place of numbered) {
      const there = numbered.map((round) => rotate(numbered, round)[place])
      assert.strictEqual(new Set(there).size, items.length)
    }
  })
})

describe("plan", () => {
  it("goes through the rounds, the workloads, and the competitors rotated by the round", () => {
    const steps = plan(
      [
        { workload: "small", competitors: ["ours", "raw", "peer"] },
        { workload: "large", competitors: ["ours", "raw"] },
      ],
      2,
    ).map(({ competitor, round, workload }) => `${round} ${workload} ${competitor}`)
    assert.deepStrictEqual(steps, [
      "0 small ours",
      "0 small raw",
      "0 small peer",
      "0 large ours",
      "0 large raw",
      "1 small raw",
      "1 small peer",
      "1 small ours",
      "1 large raw",
      "1 large ours",
    ])
  })
})
