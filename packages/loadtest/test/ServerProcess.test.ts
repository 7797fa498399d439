import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer, LoadClient, Program } from "@manycore/testkit"
import { Effect } from "effect"

import * as ProcessTable from "../src/internal/server/processTable.ts"
import * as ServerProcess from "../src/ServerProcess.ts"

const fixture = fileURLToPath(new URL("./fixtures/server.mjs", import.meta.url))

const command = (...args: ReadonlyArray<string>): ServerProcess.Options["command"] => [
  process.execPath,
  fixture,
  ...args,
]

const start = (...args: ReadonlyArray<string>) =>
  ServerProcess.start({ command: command(...args), grace: "2 seconds" })

const one = (pid: number, ppid: number, group: number) => ({ pid, ppid, group, started: "1" })
const table = [one(1, 0, 1), one(10, 1, 10), one(11, 10, 10), one(12, 11, 12), one(13, 1, 10)]

const answers = Effect.fnUntraced(function* (origin: string) {
  const { ok } = yield* LoadClient.run({ url: `${origin}/`, connections: 1, requests: 1 })
  return ok === 1
})

describe("ServerProcess", () => {
  it.live("finds the port of a Node program, and stops the program when its Scope closes", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const pid = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* start()
          assert.match(server.origin, /^http:\/\/127\.0\.0\.1:\d+$/)
          assert.isTrue(yield* answers(server.origin))
          assert.isUndefined(server.exited())
          assert.include(server.output(), "server says hello")
          return server.pid
        }),
      )
      assert.isFalse(yield* Census.alive(pid))
    }),
  )

  it.live("finds the port behind a shell", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* ServerProcess.start({
        command: ["sh", "-c", `true; "$0" "$1"; true`, process.execPath, fixture],
        grace: "10 seconds",
      })
      assert.isTrue(yield* answers(server.origin))
    }),
  )

  it.live("waits for the port of any program when it is known", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const port = yield* FaultServer.refusedPort
      const server = yield* ServerProcess.start({
        command: command(String(port)),
        address: { host: "127.0.0.1", port },
      })
      assert.strictEqual(server.origin, `http://127.0.0.1:${port}`)
      assert.isTrue(yield* answers(server.origin))
    }),
  )

  it.live.each<[ReadonlyArray<string>]>([
    [["child"]],
    [["detached"]],
    [["child", "stubborn"]],
    [["detached", "stubborn"]],
  ])("stops a server with all that it has started: %j", ([args]) =>
    Effect.gen(function* () {
      yield* Census.guard()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { pid } = yield* ServerProcess.start({
            command: command(...args),
            grace: args.includes("stubborn") ? "300 millis" : "10 seconds",
          })
          yield* Condition.until("it has its child", () =>
            Effect.map(Census.children(pid), (children) => children.length === 1),
          )
        }),
      )
      assert.deepStrictEqual(yield* Census.children(), [])
    }),
  )

  it.live("knows how a server ended by itself", () =>
    Effect.gen(function* () {
      const server = yield* start("dies")
      yield* answers(server.origin)
      const exit = yield* Condition.until("it has ended", server.exited)
      assert.deepStrictEqual(exit, { code: 8, signal: null })
      assert.strictEqual(ServerProcess.describeExit(exit), "with exit code 8")
      assert.strictEqual(
        ServerProcess.describeExit({ code: null, signal: "SIGKILL" }),
        "by SIGKILL",
      )
    }),
  )

  it.live("says why there is no server, in one sentence", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const taken = yield* FaultServer.make({ routes: {} })
      const { port } = taken
      const reasons = yield* Effect.forEach(
        [
          ServerProcess.start({ command: ["/nowhere/server"] }),
          start("crash"),
          ServerProcess.start({ command: command("mute"), deadline: "3 seconds" }),
          ServerProcess.start({ command: command(), address: { host: "127.0.0.1", port } }),
        ],
        (starting) => Effect.flip(starting),
      )
      assert.deepStrictEqual(
        reasons.map((error) => [error.reason._tag, error.message]),
        [
          [
            "CannotStart",
            "cannot start /nowhere/server: there is no such program, or its directory is not there",
          ],
          [
            "EndedEarly",
            "the server ended with exit code 7 before it listened; the last it said: no configuration found",
          ],
          [
            "NotListening",
            "the server does not listen on any port after 3 s; give its URL when it is no Node program; the last it said: server says hello",
          ],
          [
            "PortTaken",
            `127.0.0.1:${port} is taken already: stop the program that listens there, or choose another port`,
          ],
        ],
      )
    }).pipe(Effect.scoped),
  )

  it.live("takes the server along when its own process exits without closing anything", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const module = new URL("../src/ServerProcess.ts", import.meta.url).href
      const program = yield* Program.start({
        command: process.execPath,
        args: [
          "--conditions=@manycore/source",
          "--input-type=module",
          "-e",
          `import { start } from ${JSON.stringify(module)}
           import { Effect } from "effect"
           await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
             const server = yield* start({ command: ${JSON.stringify(command("stubborn"))} })
             console.log("pid", server.pid)
             process.exit(3)
           })))`,
        ],
      })
      assert.strictEqual((yield* program.exit).code, 3, program.diagnostics())
      const pid = Number(/pid (\d+)/.exec(program.stdout())?.[1])
      yield* Condition.until("the server has gone", () =>
        Effect.map(Census.alive(pid), (alive) => !alive),
      )
    }),
  )
})

describe("processTable", () => {
  it("takes the group and all descendants of a process for its family, and no one else", () => {
    assert.deepStrictEqual(
      [10, 12, 99].map((pid) => ProcessTable.family(table, pid).map((each) => each.pid)),
      [[10, 11, 13, 12], [12], []],
    )
  })

  it("does not take a new process for an old one of the same number", () => {
    const now = [one(10, 1, 10), { ...one(11, 1, 11), started: "2" }]
    assert.deepStrictEqual(ProcessTable.survivors(table, now), [one(10, 1, 10)])
  })

  it.live("knows this process", () =>
    Effect.gen(function* () {
      const now = yield* Effect.promise(ProcessTable.read)
      assert.strictEqual(now.find(({ pid }) => pid === process.pid)?.ppid, process.ppid)
    }),
  )
})
