import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

import {
  counted,
  doubled,
  primes,
  produced,
  refused,
  repaired,
  scaled,
  transferred,
} from "../../examples/shared-memory/main.ts"

it.live("threads share a counter", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* counted, 300_000)
  }),
)

it.live("a lock guards two numbers, also when its holder dies", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* transferred, [-30_000, 30_000])
    assert.strictEqual(yield* repaired, 0)
  }),
)

it.live("a ring carries bytes from a thread", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* produced, 4950)
  }),
)

it.live("Parallel works on shared memory in place, and with functions", () =>
  Effect.gen(function* () {
    assert.isTrue(yield* scaled)
    assert.deepStrictEqual((yield* primes).slice(0, 6), [2, 3, 5, 7, 11, 13])
  }),
)

it.live("a closure is refused, and a web worker answers", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* refused, ["factor"])
    assert.strictEqual(yield* doubled, 42)
  }),
)
