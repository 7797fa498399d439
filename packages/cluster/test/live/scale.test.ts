import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { assertNothingLost, awaitDescriptors, descriptors, loads, supervise } from "./support.ts"

describe("scale", () => {
  it.live(
    "from one to eight and back under load: no request fails",
    () =>
      Effect.gen(function* () {
        const { pids, supervisor, url } = yield* supervise({ program: "plain.mjs", workers: 1 })
        const before = descriptors()
        const load = yield* loads(url, [
          { path: "/", connections: 4, keepAlive: true },
          { path: "/", connections: 4, keepAlive: false },
        ])
        yield* supervisor.scale(8)
        const eight = yield* pids
        assert.lengthOf(eight, 8)
        const answered = load.answered()
        yield* Condition.until("they serve", () => load.answered() > answered + 100)
        yield* supervisor.scale(1)
        const [left, ...none] = yield* pids
        assert.isEmpty(none)
        for (const pid of eight) assert.strictEqual(yield* Census.alive(pid), pid === left)
        assertNothingLost(yield* load.stop)
        yield* awaitDescriptors(before)
      }).pipe(Effect.scoped),
    { timeout: 120_000 },
  )

  it.live("by a fraction, by max, and by what is no size", () =>
    Effect.gen(function* () {
      const { pids, supervisor } = yield* supervise({ program: "plain.mjs", workers: 2 })
      yield* supervisor.scale(0.0001)
      assert.lengthOf(yield* pids, 1)
      const error = yield* Effect.flip(supervisor.scale(1.5))
      assert.strictEqual(error.reason._tag, "InvalidOption")
      assert.lengthOf(yield* pids, 1)
    }).pipe(Effect.scoped),
  )

  it.live(
    "sixty-four workers of a trivial program, each with its own number, gone in the end",
    () =>
      Effect.gen(function* () {
        yield* Census.guard({ deadline: "30 seconds" })
        const { get, pids } = yield* supervise({
          program: "plain.mjs",
          workers: 64,
          startTimeout: "2 minutes",
          lameDuck: 0,
        })
        assert.lengthOf(yield* pids, 64)
        const seen = new Set<string>()
        yield* Condition.until(
          "every number is there",
          () =>
            Effect.map(get("/env"), (text) => {
              const { NODE_APP_INSTANCE }: Record<string, string> = JSON.parse(text)
              seen.add(NODE_APP_INSTANCE ?? "none")
              return seen.size === 64
            }),
          { deadline: "60 seconds", state: () => [...seen].join() },
        )
        assert.deepStrictEqual(
          [...seen].map(Number).toSorted((a, b) => a - b),
          Array.from({ length: 64 }, (_, i) => i),
        )
      }).pipe(Effect.scoped),
    { timeout: 240_000 },
  )
})
