import { assert, it } from "@effect/vitest"

import { Fifo } from "../../src/bare/Fifo.ts"

it("a Fifo gives back what it got, in order, also when half a million wait", () => {
  const fifo = new Fifo<number>()
  let [pushed, taken] = [0, 0]
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 100_000; i++) fifo.push(pushed++)
    for (let i = 0; i < 50_000; i++) assert.strictEqual(fifo.shift(), taken++)
    assert.strictEqual(fifo.length, pushed - taken)
  }
  assert.deepStrictEqual(
    fifo.clear(),
    Array.from({ length: pushed - taken }, (_, i) => taken + i),
  )
  assert.strictEqual(fifo.length, 0)
  assert.isUndefined(fifo.shift())
  fifo.push(1)
  assert.strictEqual(fifo.shift(), 1)
})
