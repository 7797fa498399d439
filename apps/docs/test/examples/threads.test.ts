import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { bounded, count, outliveALoop } from "../../examples/threads/pool.ts"
import { withPromises } from "../../examples/threads/promises.ts"
import { Empty } from "../../examples/threads/Words.ts"

const entries = {
  bare: new URL("../../examples/threads/bare.ts", import.meta.url),
  effects: new URL("../../examples/threads/effects.ts", import.meta.url),
}

describe.each(["bare", "effects"] as const)("a pool of threads (%s entry)", (name) => {
  it.live("counts, streams, and fails with the contract's error", () =>
    Effect.gen(function* () {
      const { counts, refused, words } = yield* count(entries[name])
      assert.deepStrictEqual(counts, [1, 2, 3])
      assert.deepStrictEqual(words, ["one", "two"])
      assert.instanceOf(refused, Empty)
    }),
  )
})

it.live("a loop that never ends costs its thread, not the pool", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* outliveALoop(entries.bare), { counted: 2, threads: 2 })
  }),
)

it.live("a pool with a bounded queue starts", () =>
  Effect.gen(function* () {
    const { stats } = yield* bounded(entries.bare)
    assert.strictEqual((yield* stats).size, 1)
  }).pipe(Effect.scoped),
)

it("promises run the functions of a module", async () => {
  assert.deepStrictEqual(await withPromises(), [4, "FOUR"])
})
