import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { kinds } from "../pool/pools.ts"
import { storm } from "./torture.ts"

describe.each(kinds)("a storm of random tasks (%s entry)", (kind) => {
  it.live.each([1, 2])("seed %d: one outcome each, nothing wrong, nothing left", (seed) =>
    Effect.gen(function* () {
      const entry = new URL(`../fixtures/laws.${kind}.ts`, import.meta.url)
      const tasks = kind === "bare" ? 2000 : 600
      const { faults, outcomes, stats } = yield* storm(seed, tasks, entry)
      assert.deepStrictEqual(faults, [])
      assert.strictEqual(
        Object.values(outcomes).reduce((sum, count) => sum + count, 0),
        tasks,
      )
      assert.deepInclude(stats, { pending: 0, queued: 0, suspended: 0, threads: [] })
    }),
  )
})
