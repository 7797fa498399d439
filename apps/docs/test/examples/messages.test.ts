import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

import { gone, inProcess, inThread } from "../../examples/messages/parent.ts"
import { TooLarge } from "../../examples/messages/Primes.ts"

it.live("a process answers, streams, and fails with the contract's error", () =>
  Effect.gen(function* () {
    const { answer, refused, stream } = yield* inProcess
    assert.isTrue(answer)
    assert.deepStrictEqual(stream, [2, 3, 5, 7, 11, 13, 17, 19])
    assert.instanceOf(refused, TooLarge)
  }),
)

it.live("a bare thread serves the same contract", () =>
  Effect.gen(function* () {
    assert.isTrue(yield* inThread)
  }),
)

it.live("a killed process fails its calls with the signal", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* gone, "SIGKILL")
  }),
)
