import { assert, describe } from "@effect/vitest"
import { Census, Condition, External, FaultServer, Program } from "@manycore/testkit"
import { Effect } from "effect"

import * as Text from "../../src/cli/render/Text.ts"
import { words } from "../fixtures/manyload.ts"

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Runs the command on a terminal of 90 columns and 30 rows, which `script` provides. */
const onTerminal = (
  script: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>> = {},
) => {
  const line = `stty cols 90 rows 30; exec ${[...words, ...args].map(quote).join(" ")}`
  return Program.start({
    command: script,
    args:
      process.platform === "darwin"
        ? ["-q", "/dev/null", "sh", "-c", line]
        : ["-qefc", line, "/dev/null"],
    env: { NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: "xterm-256color", ...env },
  })
}

const server = FaultServer.make({
  routes: { "/fast": FaultServer.delay("1 millis"), "/500": FaultServer.status(500) },
})

/** The process of the command itself, below `script` and its shell. */
const commandOf = (program: Program.Program) =>
  Effect.map(Census.processes(program.pid), (all) =>
    all.find(({ command }) => command.includes("src/cli/main.ts")),
  )

const hideCursor = "\u001B[?25l"
const showCursor = "\u001B[?25h"

describe("manyload on a terminal", () => {
  External.live(
    "script",
    "draws over itself while it runs, then the summary, in colours",
    (script) =>
      Effect.gen(function* () {
        yield* Census.guard()
        const { url } = yield* server
        const program = yield* onTerminal(script, ["-d", "3s", "-c", "2", `${url}/fast`])
        const { code } = yield* program.exit
        assert.strictEqual(code, 0, program.diagnostics())
        const text = program.stdout()
        const [screen = "", summary = ""] = text.split(showCursor)
        assert.isTrue(screen.includes(hideCursor), program.diagnostics())
        const pictures = screen.split("\u001B[J")
        assert.isAtLeast(pictures.length, 5)
        for (const word of ["requests/s", "latency p99", "in flight", "░", "┤", "p99.9"]) {
          assert.include(screen, word)
        }
        assert.match(screen, /\d s, \d s left/)
        for (const line of Text.plain(screen).split("\n")) {
          // oxlint-disable-next-line no-control-regex
          assert.isBelow(line.replaceAll(/\u001B\[\??\d*[A-Za-z]|\r/g, "").length, 90)
        }
        assert.include(summary, "\u001B[32m")
        assert.match(Text.plain(summary), /[\d,]+ requests, all answered; /)
      }),
  )

  External.live("script", "keeps to black and white when NO_COLOR says so", (script) =>
    Effect.gen(function* () {
      const { url } = yield* server
      const program = yield* onTerminal(script, ["-d", "1s", "-c", "2", `${url}/500`], {
        NO_COLOR: "1",
      })
      yield* program.exit
      assert.include(program.stdout(), hideCursor)
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(program.stdout(), /\u001B\[\d*m/)
    }),
  )

  External.live("script", "draws the rates that a search tries, then what it found", (script) =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* server
      const search = ["find", "--p99", "5s", "--probe", "1s", "--from", "20", "--max-rate", "40"]
      const program = yield* onTerminal(script, [...search, `${url}/fast`])
      assert.strictEqual((yield* program.exit).code, 0, program.diagnostics())
      const [screen = "", summary = ""] = program.stdout().split(showCursor)
      assert.include(screen, hideCursor, program.diagnostics())
      for (const word of ["trying 20 requests/s", "trying 40 requests/s", "✓ held", "█", "░"]) {
        assert.include(screen, word)
      }
      assert.match(Text.plain(summary), /40 requests\/s held .* in 2 tries\./)
    }),
  )

  External.live("script", "shows no screen when it is quiet", (script) =>
    Effect.gen(function* () {
      const { url } = yield* server
      const program = yield* onTerminal(script, ["-d", "1s", "--quiet", `${url}/fast`])
      yield* program.exit
      assert.strictEqual(program.stdout(), "")
    }),
  )

  External.live("script", "clears the screen, reports and exits with 130 after Ctrl-C", (script) =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { requests, url } = yield* server
      const program = yield* onTerminal(script, ["-d", "1h", "-c", "2", `${url}/fast`])
      yield* program.waitForOutput("in flight", "20 seconds")
      const command = yield* Condition.until("the command runs", () => commandOf(program))
      yield* Condition.until("requests arrive", () => requests() > 10)
      process.kill(command.pid, "SIGINT")
      assert.strictEqual((yield* program.exit).code, 130, program.diagnostics())
      const [, summary = ""] = program.stdout().split(showCursor)
      assert.match(Text.plain(summary), /requests, .*; stopped early\./)
    }),
  )
})
