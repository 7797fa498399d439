import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer } from "@manycore/testkit"
import { Effect } from "effect"

import * as Report from "../../src/Report.ts"
import { manyload, start } from "../fixtures/manyload.ts"

const fixture = fileURLToPath(new URL("../fixtures/server.mjs", import.meta.url))

const server = (...args: ReadonlyArray<string>) => ["--", process.execPath, fixture, ...args]

describe("manyload --on-port", () => {
  it.live("starts the server, loads it, and stops it with its children", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { code, stderr, stdout } = yield* manyload(
        "-n",
        "20",
        "--json",
        "--no-progress",
        "--on-port",
        ...server("child"),
      )
      assert.strictEqual(stderr, "")
      assert.strictEqual(code, 0)
      const report = yield* Report.decode(JSON.parse(stdout))
      assert.strictEqual(report.requests.ok, 20)
      assert.match(report.plan.url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/$/)
    }),
  )

  it.live("takes a path of the server, or its whole address", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const path = yield* manyload("-n", "1", "--on-port", "/fast?a=1", ...server())
      assert.match(path.stdout, /^ {2}target {5}GET http:\/\/127\.0\.0\.1:\d+\/fast\?a=1$/m)
      const port = yield* FaultServer.refusedPort
      const url = `http://127.0.0.1:${port}/slow`
      const address = yield* manyload("-n", "1", "--on-port", url, ...server(String(port)))
      assert.include(address.stdout, `  target     GET ${url}\n`)
      assert.deepStrictEqual([path.code, address.code], [0, 0])
    }),
  )

  it.live("says why there is no server, and exits with 3", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      assert.deepStrictEqual(yield* manyload("--no-progress", "--on-port", ...server("crash")), {
        code: 3,
        stdout: "",
        stderr:
          "manyload: the server ended with exit code 7 before it listened; the last it said: no configuration found\n",
      })
      assert.deepStrictEqual(
        yield* manyload("--no-progress", "--on-port", "--", "/nowhere/server"),
        {
          code: 3,
          stdout: "",
          stderr:
            "manyload: cannot start /nowhere/server: there is no such program, or its directory is not there\n",
        },
      )
    }),
  )

  it.live("says that the server did not last", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { code, stderr } = yield* manyload("-n", "3", "--on-port", ...server("dies"))
      assert.strictEqual(code, 1)
      assert.include(
        stderr,
        "manyload: the server ended with exit code 8 during the run; the last it said: server says hello\n",
      )
    }),
  )

  it.live("stops the server and its child after Ctrl-C", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const program = yield* start(["-d", "1h", "--json", "--on-port", ...server("child")])
      yield* Condition.until(
        "the server and its child run",
        () => Effect.map(Census.processes(program.pid), (all) => all.length >= 2),
        { deadline: "10 seconds", state: program.diagnostics },
      )
      yield* program.signal("SIGINT")
      const { code } = yield* program.exit
      assert.strictEqual(code, 130, program.diagnostics())
    }),
  )

  it.live("stops a server that never listens, at once, after Ctrl-C", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const program = yield* start(["--on-port", ...server("mute")])
      const waiting = "waiting for the server to listen\n"
      yield* Condition.until("it says what it waits for", () => program.stderr() === waiting, {
        deadline: "20 seconds",
        state: program.diagnostics,
      })
      yield* program.signal("SIGINT")
      const { code } = yield* program.exit
      assert.deepStrictEqual([code, program.stdout(), program.stderr()], [130, "", waiting])
    }),
  )

  it.live("ends at once, and takes the server along, after a second Ctrl-C", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const program = yield* start([
        "-d",
        "1h",
        "--grace",
        "1h",
        "--on-port",
        ...server("stubborn"),
      ])
      const family = yield* Condition.until(
        "the server runs",
        () =>
          Effect.map(Census.processes(program.pid), (all) => (all.length >= 1 ? all : undefined)),
        { deadline: "10 seconds", state: program.diagnostics },
      )
      yield* program.signal("SIGINT")
      yield* program.signal("SIGTERM")
      assert.strictEqual((yield* program.exit).code, 130)
      yield* Condition.until("the server has gone", () =>
        Effect.map(
          Effect.forEach(family, ({ pid }) => Census.alive(pid)),
          (alive) => !alive.includes(true),
        ),
      )
    }),
  )
})
