import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Cause, Effect, Exit, Fiber } from "effect"

import { PrimaryCalls, WorkerCalls } from "../fixtures/Contract.ts"
import { supervise } from "./support.ts"

describe("typed messages", () => {
  for (const program of ["talker.ts", "effectful.ts"]) {
    it.live(`${program}: one worker or all of them answer, with the contract's errors`, () =>
      Effect.gen(function* () {
        const { pids, supervisor } = yield* supervise({ program })
        const [first] = yield* supervisor.workers
        assert.strictEqual(yield* supervisor.ask(WorkerCalls, 1, "Pid", undefined), first?.pid)
        assert.strictEqual(yield* supervisor.ask(WorkerCalls, 2, "Double", { n: 21 }), 42)
        const denied = yield* Effect.flip(supervisor.ask(WorkerCalls, 1, "Double", { n: -1 }))
        assert.deepInclude(denied, { _tag: "Denied", why: "negative" })
        const all = yield* supervisor.broadcast(WorkerCalls, "Pid", undefined)
        assert.sameMembers(
          Object.values(all).map((exit) => (Exit.isSuccess(exit) ? exit.value : 0)),
          [...(yield* pids)],
        )
        const nobody = yield* Effect.flip(supervisor.ask(WorkerCalls, 9, "Pid", undefined))
        assert.strictEqual(nobody.message, "there is no worker 9")
      }).pipe(Effect.scoped),
    )
  }

  it.live("a worker that dies fails the call that it had, at once and by name", () =>
    Effect.gen(function* () {
      const { supervisor } = yield* supervise({ program: "talker.ts" })
      yield* supervisor.signal("SIGSTOP", { id: 1 })
      const asked = yield* Effect.forkChild(
        Effect.exit(supervisor.ask(WorkerCalls, 1, "Pid", undefined)),
      )
      yield* Effect.yieldNow
      yield* supervisor.signal("SIGKILL", { id: 1 })
      const exit = yield* Fiber.join(asked)
      assert.isTrue(Exit.isFailure(exit))
      if (Exit.isFailure(exit)) assert.include(String(Cause.squash(exit.cause)), "worker 1")
    }).pipe(Effect.scoped),
  )

  it.live("the primary answers its workers", () =>
    Effect.gen(function* () {
      let sum = 0
      const { get, supervisor } = yield* supervise({ program: "talker.ts" })
      yield* supervisor.serve(PrimaryCalls).pipe(
        Effect.provide(
          PrimaryCalls.toLayer({
            Next: ({ by }) =>
              Effect.sync(() => {
                sum += by
                return sum
              }),
          }),
        ),
      )
      assert.strictEqual(yield* get("/"), "10")
      // Those that come later too.
      yield* supervisor.reload()
      assert.strictEqual(yield* get("/"), "20")
    }).pipe(Effect.scoped),
  )
})

describe("WebSockets", () => {
  it.live(
    "get their close frame when their worker goes, and the reload does not wait for more",
    () =>
      Effect.gen(function* () {
        const { supervisor, url } = yield* supervise({ program: "effectful.ts", workers: 1 })
        const socket = new WebSocket(`${url.replace("http", "ws")}/socket`)
        const messages: Array<string> = []
        let closed: { readonly code: number; readonly wasClean: boolean } | undefined
        socket.addEventListener("open", () => socket.send("hello"))
        socket.addEventListener("message", ({ data }) => messages.push(String(data)))
        socket.addEventListener("close", ({ code, wasClean }) => {
          closed = { code, wasClean }
        })
        yield* Condition.until("it is answered", () => messages.length === 1)
        yield* supervisor.reload()
        yield* Condition.until("it is closed", () => closed)
        assert.deepStrictEqual(closed, { code: 1001, wasClean: true })
      }).pipe(Effect.scoped),
  )
})
