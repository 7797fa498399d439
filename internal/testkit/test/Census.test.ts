import { randomUUID } from "node:crypto"
import { type Server, createServer } from "node:net"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Scope } from "effect"

import { Census, Condition, Program } from "../src/index.ts"

const tree = join(import.meta.dirname, "fixtures/tree.mjs")

const listening = (port = 0): Effect.Effect<Server> =>
  Effect.callback((resume) => {
    const server: Server = createServer().listen(port, "127.0.0.1", () =>
      resume(Effect.succeed(server)),
    )
  })

describe("Census", () => {
  it.live("counts children, descendants and their sockets", () =>
    Effect.gen(function* () {
      const program = yield* Program.start({ command: process.execPath, args: [tree] })
      const [, leaf] = yield* program.waitForOutput(/leaf (\d+)/)
      const children = yield* Census.children()
      assert.include(
        children.map((child) => child.pid),
        program.pid,
      )
      const below = yield* Census.processes(program.pid)
      assert.deepStrictEqual(
        below.map(({ pid, ppid }) => [pid, ppid]),
        [[Number(leaf), program.pid]],
      )
      assert.include(below[0]?.command ?? "", "tree.mjs leaf")
      const [socket] = yield* Census.sockets(program.pid)
      assert.deepStrictEqual([socket?.pid, socket?.state], [Number(leaf), "LISTEN"])
      assert.match(socket?.local ?? "", /^127\.0\.0\.1:\d+$/)
    }),
  )

  it.live("finds a process that was reparented by the marker in its environment", () =>
    Effect.gen(function* () {
      const marker = randomUUID()
      const program = yield* Program.start({
        command: process.execPath,
        args: [tree, "detached"],
        env: { MANYCORE_TEST_MARKER: marker },
      })
      const [, leaf] = yield* program.waitForOutput(/leaf (\d+)/)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(leaf), "SIGKILL")))
      yield* program.signal("SIGKILL")
      yield* program.exit
      const pids = (yield* Census.processes()).map((process) => process.pid)
      assert.notInclude(pids, Number(leaf))
      assert.deepStrictEqual(
        (yield* Census.orphans(marker)).map((process) => process.pid),
        [Number(leaf)],
      )
    }),
  )

  it.live("says that a process that never was is not alive", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* Census.alive(process.pid))
      assert.isFalse(yield* Census.alive(2 ** 30))
    }),
  )
})

describe("Census.guard", () => {
  it.live("is content when everything that was started has stopped", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* Census.guard()
        const program = yield* Program.start({ command: process.execPath, args: [tree] })
        yield* program.waitForOutput("leaf")
        yield* Effect.acquireRelease(listening(), (server) => Effect.sync(() => server.close()))
      }),
    ),
  )

  it.live("waits for those that need a moment to go", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.provide(Census.guard(), scope)
      const program = yield* Program.start({
        command: process.execPath,
        args: ["-e", "setTimeout(() => {}, 200)"],
      })
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* Census.alive(program.pid))
    }),
  )

  it.live("dies with the list of the survivors", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.provide(Census.guard({ deadline: "100 millis" }), scope)
      const program = yield* Program.start({ command: process.execPath, args: [tree] })
      yield* program.waitForOutput("leaf")
      const server = yield* Effect.acquireRelease(listening(), (server) =>
        Effect.sync(() => server.close()),
      )
      const address = server.address()
      const port = typeof address === "object" ? address?.port : undefined

      const exit = yield* Effect.exit(Scope.close(scope, Exit.void))
      assert.isTrue(Exit.isFailure(exit))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, Condition.ConditionNotMet)
      const message = error instanceof Error ? error.message : ""
      assert.match(
        message,
        new RegExp(`process ${program.pid} \\(of ${process.pid}\\): .*tree.mjs`),
      )
      assert.include(message, `socket 127.0.0.1:${port} LISTEN of process ${process.pid}`)
    }),
  )
})
