import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"

import { Filling } from "../../src/bare/Filling.ts"
import * as Generated from "../fixtures/generated.ts"

const Seed = Arbitrary.schema(Schema.Int)

describe("Filling", () => {
  it.prop(
    "holds what was put in, in order, in pieces of any size and by either way",
    [Seed],
    ([seed]) => {
      const next = Generated.random(seed)
      const bytes = Generated.bytes(next, 1 + Generated.below(next, 2 ** Generated.below(next, 24)))
      const filling = new Filling(bytes.byteLength)
      let at = 0
      while (!filling.isFull) {
        const size = 1 + Generated.below(next, 2 ** Generated.below(next, 22))
        if (next() < 0.5) at += filling.take(bytes.subarray(0, at + size), at)
        else {
          const { room } = filling
          const count = Math.min(size, room.byteLength)
          room.set(bytes.subarray(at, at + count))
          filling.filled(count)
          at += count
        }
      }
      assert.strictEqual(at, bytes.byteLength)
      assert.strictEqual(filling.bytes.buffer.byteLength, bytes.byteLength)
      assert.isTrue(Buffer.from(filling.bytes.buffer).equals(bytes))
    },
    { arbitrary: { runs: 60 } },
  )

  it("sets aside a mebibyte, or four times what has arrived", () => {
    const MiB = 1024 * 1024
    const filling = new Filling(64 * MiB)
    assert.strictEqual(filling.bytes.byteLength, MiB)
    filling.filled(MiB)
    assert.strictEqual(filling.room.byteLength, 3 * MiB)
    filling.filled(1)
    assert.strictEqual(filling.bytes.byteLength, 4 * MiB)
  })
})
