import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"

import { Chunks } from "../../src/bare/Chunks.ts"
import * as Generated from "../fixtures/generated.ts"

const Seed = Arbitrary.schema(Schema.Int)

describe("Chunks", () => {
  it.prop(
    "what went in comes out, in order, in pieces of any size",
    [Seed],
    ([seed]) => {
      const next = Generated.random(seed)
      const chunks = new Chunks()
      const all: Array<number> = []
      let taken = 0
      for (let step = 0; step < 60; step++) {
        if (next() < 0.6) {
          const size = Generated.below(next, 2 ** Generated.below(next, 17))
          const bytes = Generated.bytes(next, size)
          chunks.push(bytes)
          for (const byte of bytes) all.push(byte)
        } else {
          const count = Generated.below(next, chunks.length + 1)
          const expected = Buffer.from(all.slice(taken, taken + count))
          const kind = Generated.below(next, 3)
          if (kind === 0) assert.isTrue(chunks.peek(count).subarray(0, count).equals(expected))
          else {
            const got = kind === 1 ? chunks.take(count) : chunks.takeOwn(count)
            assert.isTrue(Buffer.from(got).equals(expected))
            taken += count
          }
        }
        assert.strictEqual(chunks.length, all.length - taken)
      }
    },
    { arbitrary: { runs: 60 } },
  )

  it("bytes that come one by one are put together", () => {
    const chunks = new Chunks()
    for (let i = 0; i < 100_000; i++) chunks.push(Buffer.of(i & 255))
    const all = chunks.take(100_000)
    assert.isTrue(all.every((byte, i) => byte === (i & 255)))
  })
})
