import { assert, describe, it } from "@effect/vitest"
import { SharedCounter } from "@manycore/threads"
import { Effect, Schema } from "effect"

import * as Thread from "./shared/thread.ts"

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

  it.live("threads without Effect add to one counter and no update is lost", () =>
    Effect.gen(function* () {
      const counter = SharedCounter.make()
      const job = { do: "count", counter, times: 100_000 } as const
      const threads = yield* Effect.forEach([1, 2, 3], () => Thread.start(job))
      for (let i = 0; i < job.times; i++) SharedCounter.increment(counter)
      yield* Effect.forEach(threads, (thread) => thread.found)
      assert.strictEqual(SharedCounter.get(counter), 400_000)
    }).pipe(Effect.scoped),
  )

  it.effect("crosses by reference", () =>
    Effect.gen(function* () {
      const codec = Schema.toCodecIso(SharedCounter.schema)
      const counter = SharedCounter.make(1)
      const wire: unknown = yield* Schema.encodeEffect(codec)(counter)
      const other = structuredClone(wire)
      SharedCounter.increment(yield* Schema.decodeUnknownEffect(codec)(other))
      assert.strictEqual(SharedCounter.get(counter), 2)
    }),
  )
})
