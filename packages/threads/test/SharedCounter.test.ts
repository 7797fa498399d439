import { assert, describe, it } from "@effect/vitest"
import { SharedCounter } from "@manycore/threads"
import { Effect, Schema } from "effect"

const Amount = Schema.Int.check(Schema.isBetween({ minimum: -1e9, maximum: 1e9 }))

describe("SharedCounter", () => {
  it.prop(
    "sums whatever is added, up and down",
    [Amount, Schema.Array(Amount)],
    ([initial, amounts]) => {
      const counter = SharedCounter.make(initial)
      let expected = initial
      for (const amount of amounts) {
        expected += amount
        assert.strictEqual(SharedCounter.add(counter, amount), expected)
      }
      assert.strictEqual(SharedCounter.get(counter), expected)
    },
  )

  it.effect("crosses by reference", () =>
    Effect.gen(function* () {
      const codec = Schema.toCodecIso(SharedCounter.schema)
      const counter = SharedCounter.make(1)
      const wire: unknown = yield* Schema.encodeEffect(codec)(counter)
      assert.strictEqual(wire, counter.buffer)
      SharedCounter.increment(yield* Schema.decodeUnknownEffect(codec)(wire))
      assert.strictEqual(SharedCounter.get(counter), 2)
    }),
  )
})
