import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, Program } from "@manycore/testkit"
import { Effect } from "effect"

import type { FastAndSlow } from "../src/experiments/fastAndSlow.ts"

const mainFile = fileURLToPath(new URL("../src/experiments/main.ts", import.meta.url))

const experiment = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const program = yield* Program.start({
      command: process.execPath,
      args: [...process.execArgv, mainFile, ...args],
      env: { NO_COLOR: "1" },
    })
    const { code } = yield* Effect.timeout(program.exit, "50 seconds")
    return { code, stdout: program.stdout(), stderr: program.stderr() }
  })

describe("npm run experiment", () => {
  it.live(
    "fast-and-slow: with one worker /fast waits for /, and the JSON says what was measured",
    () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const { code, stderr, stdout } = yield* experiment("fast-and-slow", "--json")
        assert.strictEqual(code, 0, stderr)
        const result: FastAndSlow = JSON.parse(stdout)
        assert.isAbove(result.verdict.length, 0)
        const [one, two] = result.cases
        assert.deepStrictEqual([one?.workers, two?.workers], [1, 2])
        for (const { fast, slow } of result.cases) {
          assert.isAbove(fast.requests, 0)
          assert.isAbove(slow.requests, 0)
          assert.strictEqual(fast.failed + slow.failed, 0)
        }
        // With one worker a fast request can only be answered between two slow ones.
        const slow = one?.slow.p50 ?? 0
        assert.isAbove(one?.fast.p50 ?? 0, slow / 4)
      }).pipe(Effect.scoped),
  )

  it.live("--list --json is an array of name, title and question", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* experiment("--list", "--json")
      assert.strictEqual(code, 0)
      const list: ReadonlyArray<object> = JSON.parse(stdout)
      assert.isAbove(list.length, 0)
      for (const entry of list) assert.hasAllKeys(entry, ["name", "title", "question"])
    }).pipe(Effect.scoped),
  )

  it.live("a wrong call is one sentence and exit code 2", () =>
    Effect.gen(function* () {
      const cases = [
        [["nope"], /^there is no experiment nope; there is: fast-and-slow/],
        [[], /^name an experiment: fast-and-slow/],
        [["--nope"], /--nope/],
      ] as const
      for (const [args, expected] of cases) {
        const { code, stderr, stdout } = yield* experiment(...args)
        assert.strictEqual(code, 2)
        assert.match(stderr, expected)
        assert.lengthOf(stderr.trim().split("\n"), 1)
        assert.strictEqual(stdout, "")
      }
    }).pipe(Effect.scoped),
  )

  it.live("Ctrl-C ends it, and the demo that it started", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const program = yield* Program.start({
        command: process.execPath,
        args: [...process.execArgv, mainFile, "fast-and-slow"],
      })
      yield* Condition.until("the demo runs", () =>
        Effect.map(Census.processes(program.pid), (processes) => processes.length >= 2),
      )
      yield* program.signal("SIGINT")
      assert.deepStrictEqual(yield* Effect.timeout(program.exit, "20 seconds"), {
        code: 130,
        signal: null,
      })
    }).pipe(Effect.scoped),
  )
})
