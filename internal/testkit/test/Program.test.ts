import { randomUUID } from "node:crypto"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { Census, Condition, Program } from "../src/index.ts"

const tree = join(import.meta.dirname, "fixtures/tree.mjs")
const node = (...args: ReadonlyArray<string>) => Program.start({ command: process.execPath, args })

describe("Program", () => {
  it.live("tells exit code and the whole output", () =>
    Effect.gen(function* () {
      const program = yield* node("-e", "console.log('out'); console.error('err'); process.exit(3)")
      assert.deepStrictEqual(yield* program.exit, { code: 3, signal: null })
      assert.deepStrictEqual([program.stdout(), program.stderr()], ["out\n", "err\n"])
      assert.isFalse(yield* program.signal("SIGTERM"))
    }),
  )

  it.live("lays env over ours and runs in cwd", () =>
    Effect.gen(function* () {
      const program = yield* Program.start({
        command: process.execPath,
        args: ["-p", "[process.env.GIVEN, process.env.PATH, process.cwd()].join()"],
        env: { GIVEN: "yes", PATH: undefined },
        cwd: import.meta.dirname,
      })
      yield* program.exit
      assert.strictEqual(program.stdout(), `yes,,${import.meta.dirname}\n`)
    }),
  )

  it.live("waits for a line of its output and passes signals on", () =>
    Effect.gen(function* () {
      const program = yield* node(tree)
      const [, pid] = yield* program.waitForOutput(/^root (\d+)$/m)
      assert.strictEqual(Number(pid), program.pid)
      yield* program.waitForOutput("leaf ")
      assert.isTrue(yield* program.signal("SIGTERM"))
      assert.deepStrictEqual(yield* program.exit, { code: 7, signal: null })
    }),
  )

  it.live("says at once, with the output, that a program exited without the awaited line", () =>
    Effect.gen(function* () {
      const program = yield* node("-e", "console.log('something else')")
      const error = yield* Effect.flip(program.waitForOutput("ready", "10 seconds"))
      assert.include(error.message, "the program has exited without saying it")
      assert.include(error.message, "something else")
      assert.include(error.message, "exited with code 0")
    }),
  )

  it.live("fails typed when there is no such program", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Program.start({ command: "/nowhere/at-all" }))
      assert.strictEqual(error._tag, "ProgramNotStarted")
      assert.match(error.message, /cannot start \/nowhere\/at-all: .*ENOENT/)
    }),
  )

  it.live("kills the whole group at the end, also when its leader has gone before", () =>
    Effect.gen(function* () {
      const marker = randomUUID()
      const pids = yield* Effect.scoped(
        Effect.gen(function* () {
          const program = yield* Program.start({
            command: process.execPath,
            args: [tree],
            env: { MANYCORE_TEST_MARKER: marker },
          })
          const [, leaf] = yield* program.waitForOutput(/leaf (\d+)/)
          assert.lengthOf(yield* Census.orphans(marker), 2)
          yield* program.signal("SIGTERM")
          yield* program.exit
          assert.isTrue(yield* Census.alive(Number(leaf)))
          return [program.pid, Number(leaf)]
        }),
      )
      for (const pid of pids) {
        yield* Condition.until(`${pid} is gone`, () =>
          Effect.map(Census.alive(pid), (alive) => !alive),
        )
      }
      assert.deepStrictEqual(yield* Census.orphans(marker), [])
    }),
  )
})
