import { assert, describe, it } from "@effect/vitest"

import { Patience } from "../../src/bare/Patience.ts"

/** How often it is left out until it is tried again. */
const pause = (patience: Patience): number => {
  let count = 0
  while (!patience.isDue) count++
  return count
}

describe("Patience", () => {
  it("leaves out twice as many tries after each failure, a thousand at most", () => {
    const patience = new Patience(32)
    const pauses = Array.from({ length: 8 }, () => {
      patience.tried(false)
      return pause(patience)
    })
    assert.deepStrictEqual(pauses, [32, 64, 128, 256, 512, 1024, 1024, 1024])
  })

  it("leaves out none while it succeeds, and begins anew after a success", () => {
    const patience = new Patience(4)
    assert.strictEqual(pause(patience), 0)
    patience.tried(true)
    assert.strictEqual(pause(patience), 0)
    patience.tried(false)
    patience.tried(false)
    patience.tried(true)
    patience.tried(false)
    assert.strictEqual(pause(patience), 4)
  })
})
