import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, Program } from "@manycore/testkit"
import { Effect } from "effect"

import { fixture } from "./support.ts"

const start = (env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    yield* Census.guard()
    const primary = yield* Program.start({
      command: process.execPath,
      args: [...process.execArgv, fixture("promiseMain.mjs")],
      env,
    })
    return { primary, exit: Effect.timeout(primary.exit, "20 seconds") }
  })

describe("a main program with promises", () => {
  it.live("reloads on SIGHUP, and ends well on SIGTERM when its workers have", () =>
    Effect.gen(function* () {
      const { exit, primary } = yield* start()
      yield* primary.waitForOutput(/ready \d+/, "20 seconds")
      const pids = Effect.map(Census.children(primary.pid), (all) => all.map(({ pid }) => pid))
      const old = yield* pids
      yield* primary.signal("SIGHUP")
      yield* Condition.until(
        "both are new",
        () => Effect.map(pids, (now) => now.length === 2 && !now.some((pid) => old.includes(pid))),
        { deadline: "20 seconds" },
      )
      yield* primary.signal("SIGTERM")
      assert.deepStrictEqual(yield* exit, { code: 0, signal: null }, primary.diagnostics())
      assert.strictEqual(primary.stderr(), "")
    }).pipe(Effect.scoped),
  )

  it.live("ends when it stops its workers itself", () =>
    Effect.gen(function* () {
      const { exit, primary } = yield* start({ THEN: "stop" })
      assert.deepStrictEqual(yield* exit, { code: 0, signal: null }, primary.diagnostics())
      assert.match(primary.stdout(), /^ready \d+\n$/)
    }).pipe(Effect.scoped),
  )

  for (const [how, env, message] of [
    ["that throws when its workers are ready", { THEN: "throw" }, /^the database is not there\n$/],
    ["without a program", { PROGRAM: "nowhere.mjs" }, /^there is no program .*nowhere\.mjs\n$/],
  ] as const) {
    it.live(`${how} ends with code 1 and says why in one sentence`, () =>
      Effect.gen(function* () {
        const { exit, primary } = yield* start(env)
        assert.deepStrictEqual(yield* exit, { code: 1, signal: null }, primary.diagnostics())
        assert.match(primary.stderr(), message)
      }).pipe(Effect.scoped),
    )
  }
})
