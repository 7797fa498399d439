import { randomUUID } from "node:crypto"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, Program } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import { Report } from "../src/index.ts"

const decode = Schema.decodeEffect(Schema.fromJsonString(Report.Document))

/** Starts a fixture the way `pnpm bench` starts a bench program. */
const bench = (fixture: string, args: ReadonlyArray<string>, marker = randomUUID()) =>
  Program.start({
    command: process.execPath,
    args: [
      "--conditions=@manycore/source",
      join(import.meta.dirname, `fixtures/${fixture}.ts`),
      ...args,
    ],
    env: { MANYCORE_TEST_MARKER: marker },
  })

const nobodyLeft = (marker: string) =>
  Condition.until("no process of the bench is left", () =>
    Effect.map(Census.orphans(marker), (found) => found.length === 0),
  )

describe("a bench program", { timeout: 30_000 }, () => {
  it.live("prints the document alone on stdout, progress on stderr", () =>
    Effect.gen(function* () {
      const program = yield* bench("good", ["--", "--json", "--rounds", "2", "--only", "small"])
      const { code } = yield* program.exit
      assert.strictEqual(code, 0, program.diagnostics())
      const { environment, rows } = yield* decode(program.stdout())
      assert.deepStrictEqual(
        [environment.bench, environment.node, environment.rounds],
        ["@manycore/fixture", process.version, 2],
      )
      const expected = [
        ["manycore", "calls per second", "1/s", 100.5, 100, 101, 100.5 / 200.5],
        ["manycore", "lost", "calls", 1, 1, 1, null],
        ["raw", "calls per second", "1/s", 200.5, 200, 201, 1],
        ["raw", "lost", "calls", 0, 0, 0, null],
      ]
      assert.deepStrictEqual(
        rows.filter((row) => row.metric !== "pid").map((row) => Object.values(row).slice(1)),
        expected,
      )
      assert.deepStrictEqual(
        [...new Set(rows.map((row) => row.workload))],
        ["small, 100 in flight"],
      )
      const pid = rows.find((row) => row.metric === "pid")
      assert.notStrictEqual(pid?.min, pid?.max, "each round has a process of its own")
      assert.deepStrictEqual(
        program.stderr().match(/(?<=round )\d.*/g),
        [
          "1/2: small, 100 in flight / manycore",
          "1/2: small, 100 in flight / raw",
          "2/2: small, 100 in flight / raw",
          "2/2: small, 100 in flight / manycore",
        ],
        "the order is rotated",
      )
    }),
  )

  it.live("runs a workload no more often than it allows", () =>
    Effect.gen(function* () {
      const program = yield* bench("good", ["--rounds", "2", "--only", "large"])
      assert.strictEqual((yield* program.exit).code, 0, program.diagnostics())
      assert.deepStrictEqual(program.stderr().match(/(?<=round )\d/g), ["1", "1"])
    }),
  )

  it.live("prints a table without --json", () =>
    Effect.gen(function* () {
      const program = yield* bench("good", ["--rounds", "1"])
      assert.strictEqual((yield* program.exit).code, 0, program.diagnostics())
      assert.match(program.stdout(), /\nlarge, 1 in flight\n {2}competitor .* median .* to raw\n/)
      assert.match(program.stdout(), /manycore +calls per second +1\/s +100 +100 +100 +0\.5\n/)
    }),
  )

  it.live("prints help with examples", () =>
    Effect.gen(function* () {
      const program = yield* bench("good", ["--", "--help"])
      assert.strictEqual((yield* program.exit).code, 0)
      assert.include(program.stdout(), "Examples:\n  pnpm --filter @manycore/fixture bench\n")
    }),
  )

  it.live.each([
    [["--rounds", "none"], /^--rounds takes a whole number from 1 to 9999, not "none"\.\n$/],
    [["--", "--quick"], /^Unknown option '--quick'\.\n$/],
    [["--only", "huge"], /^No workload contains "huge"; there are: small, .*; large, .*\.\n$/],
  ] as const)("refuses bad arguments with one sentence and code 2: %j", ([args, sentence]) =>
    Effect.gen(function* () {
      const program = yield* bench("good", args)
      assert.strictEqual((yield* program.exit).code, 2)
      assert.match(program.stderr(), sentence)
      assert.strictEqual(program.stdout(), "")
    }),
  )

  it.live("fails loudly and by name on a wrong result, and never measures it", () =>
    Effect.gen(function* () {
      const program = yield* bench("bad", ["--json", "--only", "wrong", "--rounds", "2"])
      assert.strictEqual((yield* program.exit).code, 1)
      const { rows } = yield* decode(program.stdout())
      assert.deepStrictEqual(
        rows.map((row) => row.competitor),
        ["raw", "raw"],
      )
      const stderr = program.stderr()
      assert.include(
        stderr,
        "FAILED wrong / manycore, round 1: the check failed: Error: expected 42 squares, got 41",
      )
      assert.include(stderr, "about to fail")
      assert.notInclude(stderr, "measured although")
      assert.notInclude(stderr, "round 2/2: wrong / manycore")
      assert.match(stderr, /FAILED: wrong \/ manycore\n$/)
    }),
  )

  it.live.each([
    ["dies", 'dies / manycore, round 1: died in "measure" (code 9, signal null)'],
    ["nan", 'nan / manycore, round 1: failed in "measure": Error: not a list of'],
    ["missing", 'missing / manycore, round 1: failed in "set up": Error [ERR_MODULE_NOT_FOUND]'],
  ] as const)("tells how a case failed: %j", ([workload, expected]) =>
    Effect.gen(function* () {
      const program = yield* bench("bad", ["--rounds", "1", "--only", workload])
      assert.strictEqual((yield* program.exit).code, 1)
      assert.include(program.stderr(), expected)
    }),
  )

  it.live("kills a stuck case and its children at the deadline", () =>
    Effect.gen(function* () {
      const marker = randomUUID()
      const program = yield* bench("bad", ["--rounds", "1", "--only", "stuck"], marker)
      assert.strictEqual((yield* program.exit).code, 1)
      assert.include(
        program.stderr(),
        'stuck / manycore, round 1: stuck in "measure", killed after 3000 ms',
      )
      yield* nobodyLeft(marker)
    }),
  )

  it.live.each([
    ["SIGINT", { code: 130, signal: null }],
    ["SIGTERM", { code: 143, signal: null }],
    ["SIGKILL", { code: null, signal: "SIGKILL" }],
  ] as const)("prints no document and leaves nobody behind after %j", ([signal, exit]) =>
    Effect.gen(function* () {
      const marker = randomUUID()
      const program = yield* bench("bad", ["--json", "--only", "waits"], marker)
      yield* Condition.until(
        "program, case and grandchild run",
        () => Effect.map(Census.orphans(marker), (found) => found.length === 3),
        { deadline: "10 seconds", state: program.diagnostics },
      )
      yield* program.signal(signal)
      assert.deepStrictEqual(yield* program.exit, exit, program.diagnostics())
      assert.strictEqual(program.stdout(), "")
      yield* nobodyLeft(marker)
    }),
  )
})
