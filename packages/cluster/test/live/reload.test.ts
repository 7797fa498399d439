import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { assertNothingLost, awaitDescriptors, descriptors, loads, supervise } from "./support.ts"

const version = (n: number) => ({ VERSION: String(n) })

describe("five reloads in a row under load lose nothing", () => {
  for (const program of [
    "app.ts",
    "plain.mjs",
    "plain.cjs",
    "typed.ts",
    "express.mjs",
    "fastify.mjs",
  ]) {
    it.live(
      program,
      () =>
        Effect.gen(function* () {
          const { get, supervisor, url } = yield* supervise({ program, env: version(0) })
          const before = descriptors()
          const load = yield* loads(url, [
            { path: "/", connections: 4, keepAlive: true },
            { path: "/", connections: 4, keepAlive: false },
          ])
          for (const n of [1, 2, 3, 4, 5]) {
            yield* supervisor.reload({ env: version(n) })
            assert.strictEqual(yield* get("/version"), String(n))
          }
          const results = yield* load.stop
          assertNothingLost(results)
          yield* awaitDescriptors(before)
        }).pipe(Effect.scoped),
      { timeout: 120_000 },
    )
  }

  it.live(
    "with requests of two seconds in flight",
    () =>
      Effect.gen(function* () {
        const { supervisor, url } = yield* supervise({ program: "plain.mjs" })
        const before = descriptors()
        const load = yield* loads(url, [
          { path: "/slow?ms=2000", connections: 6, keepAlive: true },
          { path: "/slow?ms=2000", connections: 6, keepAlive: false },
        ])
        for (const n of [1, 2, 3, 4, 5]) yield* supervisor.reload({ env: version(n) })
        assertNothingLost(yield* load.stop)
        yield* awaitDescriptors(before)
      }).pipe(Effect.scoped),
    { timeout: 120_000 },
  )
})

describe("a reload", () => {
  it.live("never has more than N + surge processes, nor fewer than N that are ready", () =>
    Effect.gen(function* () {
      const { supervisor } = yield* supervise({ program: "plain.mjs", workers: 3 })
      const reloading = yield* Effect.forkChild(supervisor.reload({ surge: 2 }))
      yield* Condition.until(
        "the reload is over",
        () =>
          Effect.gen(function* () {
            const workers = yield* supervisor.workers
            assert.isAtMost(workers.filter(({ pid }) => pid !== null).length, 5)
            assert.isAtLeast(workers.filter(({ state }) => state === "ready").length, 3)
            return reloading.pollUnsafe() !== undefined
          }),
        { deadline: "20 seconds" },
      )
      yield* Fiber.join(reloading)
    }).pipe(Effect.scoped),
  )

  it.live("with surge 0 and one missing, all are replaced one after the other", () =>
    Effect.gen(function* () {
      const { pids, supervisor } = yield* supervise({ program: "plain.mjs" })
      const before = yield* pids
      yield* supervisor.reload({ surge: 0, unavailable: 1 })
      const after = yield* pids
      assert.lengthOf(after, 2)
      for (const pid of before) assert.isFalse(yield* Census.alive(pid))
    }).pipe(Effect.scoped),
  )

  it.live("gives the new workers exactly the new arguments and environment", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({
        program: "plain.mjs",
        args: ["a", "b"],
        env: { FIRST: "1", PATH: undefined },
      })
      const environment = Effect.map(get("/env"), (text): Record<string, string> =>
        JSON.parse(text),
      )
      assert.notProperty(yield* environment, "PATH")
      yield* supervisor.reload({ args: ["c"], env: { SECOND: "2" } })
      assert.strictEqual(yield* get("/argv"), '["c"]')
      const after = yield* environment
      assert.strictEqual(after["SECOND"], "2")
      assert.notProperty(after, "FIRST")
      assert.strictEqual(after["PATH"], process.env["PATH"])
      for (const name of Object.keys(after)) assert.notMatch(name, /MANYCORE_|NODE_UNIQUE_ID/)
    }).pipe(Effect.scoped),
  )

  for (const [program, how, env, message] of [
    ["plain.mjs", "throws", { BREAK: "throw" }, /broken on purpose$/],
    ["plain.mjs", "rejects", { BREAK: "reject" }, /broken on purpose$/],
    ["plain.cjs", "throws", { BREAK: "throw" }, /broken on purpose$/],
    ["plain.cjs", "rejects", { BREAK: "reject" }, /broken on purpose$/],
    ["plain.mjs", "never listens", { BREAK: "silent" }, /was not ready within its deadline/],
    ["plain.mjs", "hangs", { BREAK: "hang" }, /was not ready within its deadline/],
    ["plain.mjs", "exits with 0 at once", { BREAK: "exit" }, /exited with code 0/],
  ] as const) {
    it.live(`of ${program} into code that ${how} fails, and no request does`, () =>
      Effect.gen(function* () {
        const { pids, supervisor, url } = yield* supervise({
          program,
          killTimeout: "1 second",
        })
        const old = yield* pids
        const load = yield* loads(url, [
          { path: "/", connections: 3, keepAlive: true },
          { path: "/", connections: 3, keepAlive: false },
        ])
        const error = yield* Effect.flip(supervisor.reload({ env, startTimeout: "2 seconds" }))
        assert.strictEqual(error.reason._tag, "ReloadFailed")
        assert.match(error.message, message)
        const seen = load.answered()
        yield* Condition.until("the old ones go on", () => load.answered() > seen + 50)
        yield* Condition.until(
          "the new one has gone, the old ones are the same",
          () => Effect.map(pids, (now) => JSON.stringify(now) === JSON.stringify(old)),
          { deadline: "10 seconds" },
        )
        yield* supervisor.reload({ env: {} })
        assertNothingLost(yield* load.stop)
      }).pipe(Effect.scoped),
    )
  }

  it.live("tells the error of the new code with its stack", () =>
    Effect.gen(function* () {
      const { supervisor } = yield* supervise({ program: "plain.mjs" })
      const { reason } = yield* Effect.flip(supervisor.reload({ env: { BREAK: "throw" } }))
      if (reason._tag !== "ReloadFailed") return assert.fail(reason._tag)
      assert.deepInclude(reason.failure.report, { name: "Error", message: "broken on purpose" })
      assert.match(reason.failure.report?.stack ?? "", /plain\.mjs:\d+:\d+/)
    }).pipe(Effect.scoped),
  )

  it.live("with limits that let nothing move, or a program that is not there, fails at once", () =>
    Effect.gen(function* () {
      const { pids, supervisor } = yield* supervise({ program: "plain.mjs" })
      const old = yield* pids
      const cases = [
        [{ surge: 0, unavailable: 0 }, "InvalidOption", /at least 1 where surge is 0/],
        [{ surge: -1 }, "InvalidOption", /surge is -1/],
        [{ program: "/nowhere/app.js" }, "ProgramNotFound", /no program \/nowhere\/app\.js/],
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a program without types says
        [{ workers: 5 } as object, "InvalidOption", /workers is 5, but must be left to `scale`/],
        [{ group: "other" }, "UnknownGroup", /no group of workers "other"/],
      ] as const
      for (const [options, tag, message] of cases) {
        const error = yield* Effect.flip(supervisor.reload(options))
        assert.strictEqual(error.reason._tag, tag)
        assert.match(error.message, message)
      }
      assert.deepStrictEqual(yield* pids, old)
    }).pipe(Effect.scoped),
  )

  it.live("to the port that the system had chosen, and back, keeps it", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({ program: "plain.mjs" })
      const port = yield* supervisor.port
      yield* supervisor.reload({ env: { ...version(1), PORT: String(port) } })
      assert.strictEqual(yield* get("/version"), "1")
      yield* supervisor.reload({ env: version(2) })
      assert.strictEqual(yield* get("/version"), "2")
      assert.strictEqual(yield* supervisor.port, port)
    }).pipe(Effect.scoped),
  )

  it.live("two at once happen one after the other", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({ program: "plain.mjs" })
      yield* Effect.forEach([1, 2], (n) => supervisor.reload({ env: version(n) }), {
        concurrency: "unbounded",
      })
      assert.strictEqual(yield* get("/version"), "2")
    }).pipe(Effect.scoped),
  )
})
