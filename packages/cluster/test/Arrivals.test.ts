import { assert, describe, it } from "@effect/vitest"

import { Arrivals } from "../src/preload/Arrivals.ts"

/** Whoever listens is told when nothing is on its way any more. */
const make = () => {
  const arrivals = new Arrivals()
  const told: Array<boolean> = []
  arrivals.onOver(() => told.push(arrivals.isOver))
  return { arrivals, told }
}

describe("Arrivals", () => {
  // A test runs in a fork of Vitest: it has a channel to its parent, as a worker has.
  it("are over when all have come that were handed over", () => {
    const { arrivals, told } = make()
    assert.isTrue(arrivals.isOver)
    arrivals.add()
    arrivals.expect(3)
    assert.isFalse(arrivals.isOver)
    arrivals.add()
    assert.deepStrictEqual(told, [])
    arrivals.add()
    assert.deepStrictEqual(told, [true])
  })

  it("are over at once when all had come before the primary said how many", () => {
    const { arrivals } = make()
    arrivals.add()
    arrivals.add()
    arrivals.expect(2)
    assert.isTrue(arrivals.isOver)
  })
})
