import { assert, describe, it } from "@effect/vitest"
import { Scheduling, Sizing } from "@manycore/cluster"
import { Schema } from "effect"

const candidate = (connections: number, unacknowledged = 0): Scheduling.Candidate => ({
  connections,
  unacknowledged,
})

describe("Scheduling.leastConnections", () => {
  it("takes the one with the fewest, and gives equals turns", () => {
    const three = [candidate(2), candidate(1), candidate(1)]
    assert.strictEqual(Scheduling.leastConnections(three, 1, 0), 1)
    assert.strictEqual(Scheduling.leastConnections(three, 1, 2), 2)
    assert.strictEqual(Scheduling.leastConnections([], 1, 0), -1)
  })

  it("passes over one that has not taken what it was handed", () => {
    assert.strictEqual(Scheduling.leastConnections([candidate(1, 1), candidate(9)], 1, 0), 1)
    assert.strictEqual(Scheduling.leastConnections([candidate(1, 1)], 1, 0), -1)
  })

  it("takes one that has taken all it was handed before one that has not", () => {
    assert.strictEqual(Scheduling.leastConnections([candidate(1, 1), candidate(9)], 2, 0), 1)
    assert.strictEqual(Scheduling.leastConnections([candidate(2, 1), candidate(1, 1)], 2, 0), 1)
  })

  const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
  it.prop(
    "no willing one is less busy or has fewer than the chosen one, and somebody is chosen when anybody is willing",
    [Schema.Array(Schema.Tuple([Count, Count])).check(Schema.isMaxLength(20)), Count],
    ([pairs, start]) => {
      const candidates = pairs.map(([connections, pending]) => candidate(connections, pending))
      const at = Scheduling.leastConnections(candidates, 2, start)
      const willing = candidates.filter(({ unacknowledged }) => unacknowledged < 2)
      const chosen = candidates[at]
      assert.strictEqual(chosen === undefined, willing.length === 0)
      if (chosen === undefined) return
      assert.isBelow(chosen.unacknowledged, 2)
      for (const { connections, unacknowledged } of willing) {
        assert.isAtMost(chosen.unacknowledged, unacknowledged)
        if (unacknowledged === chosen.unacknowledged) {
          assert.isAtMost(chosen.connections, connections)
        }
      }
    },
  )
})

describe("Sizing", () => {
  const table = [
    [4, 4],
    ["max", 8],
    [0, 8],
    [-1, 7],
    [-100, 1],
    [0.5, 4],
    [0.01, 1],
    ["50%", 4],
    ["200%", 16],
    [100, 100],
    [1.5, undefined],
    [Number.NaN, undefined],
    ["0%", undefined],
  ] as const
  for (const [sizing, expected] of table) {
    it(`${sizing} of 8 cores is ${expected}`, () => {
      assert.strictEqual(Sizing.resolve(sizing, 8), expected)
    })
  }
})
