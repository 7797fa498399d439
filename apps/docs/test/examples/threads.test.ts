import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { bill, measured } from "../../examples/threads/context.ts"
import { bounded, count, outliveALoop } from "../../examples/threads/pool.ts"
import { withPromises } from "../../examples/threads/promises.ts"
import { Empty } from "../../examples/threads/Words.ts"

const entries = {
  bare: new URL("../../examples/threads/bare.ts", import.meta.url),
  effects: new URL("../../examples/threads/effects.ts", import.meta.url),
}

const bills = {
  bare: new URL("../../examples/threads/bills.bare.ts", import.meta.url),
  effects: new URL("../../examples/threads/bills.effects.ts", import.meta.url),
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

describe.each(["bare", "effects"] as const)("the context of a task (%s entry)", (name) => {
  const entry = bills[name]

  it.live("a tenant comes along, and metrics tell of the pool", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* bill(entry), ["acme pays 5", "nobody pays 6"])
      const series = yield* measured(entry)
      const completed = series.find(({ id }) => id === "manycore_threads_tasks_completed")
      assert.deepStrictEqual(completed?.attributes, { pool: "bills", service: "shop" })
      assert.deepInclude(completed?.state, { count: 1 })
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
