import { assert, describe, it } from "@effect/vitest"

import { refuseSharedMemory } from "../src/internal/sharedMemory.ts"

const shared = () => new Uint8Array(new SharedArrayBuffer(8))

const holding: ReadonlyArray<readonly [string, (memory: unknown) => unknown]> = [
  ["by itself", (memory) => memory],
  ["in an object", (memory) => ({ a: 1, b: { c: memory } })],
  ["in a list with holes", (memory) => Object.assign([], { 7: [memory] })],
  ["beside a list's elements", (memory) => Object.assign([1], { more: memory })],
  ["as a key of a Map", (memory) => new Map([[memory, 1]])],
  ["as a value of a Map", (memory) => new Map([[1, [memory]]])],
  ["in a Set", (memory) => new Set([{ memory }])],
  ["as the cause of an Error", (memory) => new Error("no", { cause: { memory } })],
  ["in an object without prototype", (memory) => Object.assign(Object.create(null), { memory })],
  ["behind a thousand values", (memory) => [...Array.from({ length: 1000 }, () => ({})), memory]],
]

describe("shared memory", () => {
  for (const [where, hold] of holding) {
    it(`is refused ${where}, other memory is not`, () => {
      for (const memory of [shared(), new SharedArrayBuffer(8), new DataView(shared().buffer)]) {
        assert.throws(() => refuseSharedMemory(hold(memory)))
      }
      for (const memory of [new Uint8Array(8), new ArrayBuffer(8), "text", null]) {
        refuseSharedMemory(hold(memory))
      }
    })
  }

  it("is looked for once in what refers to itself", () => {
    const value: Record<string, unknown> = {}
    value["self"] = [value, new Map([[value, value]])]
    assert.doesNotThrow(() => refuseSharedMemory(value))
  })
})
