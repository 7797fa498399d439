import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Ring from "../../src/internal/shared/ringMath.ts"

const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 124 }))
const Position = Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }))

describe("the ring's arithmetic", () => {
  it("capacity is the next power of two", () => {
    const capacities = [1, 16, 17, 64, 65, 2 ** 30].map(Ring.capacityFor)
    assert.deepStrictEqual(capacities, [16, 16, 32, 64, 128, 2 ** 30])
  })

  it.prop("a frame holds its length and its bytes in whole words", [Length], ([length]) => {
    const frame = Ring.frameBytes(length)
    assert.strictEqual(frame % 4, 0)
    assert.isAtLeast(frame, length + 4)
    assert.isBelow(frame, length + 8)
  })

  // The model is a queue: at every starting position, also where the count of bytes wraps.
  it.prop(
    "a ring is a queue with a bound, from any position on",
    [Position, Schema.Array(Length)],
    ([start, lengths]) => {
      const capacity = 128
      let head = start & ~3
      let tail = head
      const queue: Array<number> = []
      for (const length of lengths) {
        const pending = queue.reduce((sum, length) => sum + Ring.frameBytes(length), 0)
        assert.strictEqual(Ring.used(head, tail), pending)
        const frame = Ring.frameBytes(length)
        if (capacity - Ring.used(head, tail) >= frame) {
          const place = Ring.placeOf(tail, capacity)
          assert.isTrue(place >= 0 && place < capacity && place % 4 === 0)
          const first = Ring.beforeEnd(place, length, capacity)
          assert.isTrue(first >= 0 && first <= length && place + first <= capacity)
          tail = Ring.advance(tail, frame)
          queue.push(length)
        } else {
          // What does not fit now fits an empty ring.
          head = Ring.advance(head, Ring.frameBytes(queue.shift() ?? 0))
        }
      }
    },
  )
})
