import { connect } from "node:http2"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { supervise } from "./support.ts"

describe("a reload of a program that has never heard of us", () => {
  it.live("HTTP/2: the session is told to go away, what it had asked is answered", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({
        program: "protocols.mjs",
        workers: 1,
        env: { KIND: "http2" },
        drainTimeout: "1 minute",
      })
      const [old] = yield* pids
      const session = yield* Effect.acquireRelease(
        Effect.sync(() => connect(url)),
        (session) => Effect.sync(() => session.destroy()),
      )
      let isAway = false
      session.on("error", () => {}).on("goaway", () => (isAway = true))
      const ask = (path: string) =>
        Effect.callback<string>((resume) => {
          let body = ""
          session
            .request({ ":path": path })
            .on("data", (chunk: Buffer) => (body += chunk.toString()))
            .on("end", () => resume(Effect.succeed(body)))
            .on("error", (error) => resume(Effect.die(error)))
        })
      assert.strictEqual(yield* ask("/"), String(old))
      const slow = yield* Effect.forkChild(ask("/slow"), { startImmediately: true })
      // On one session, this one arrives after it.
      assert.strictEqual(yield* ask("/"), String(old))
      yield* Effect.timeout(supervisor.reload(), "30 seconds")
      assert.strictEqual(yield* Fiber.join(slow), String(old))
      yield* Condition.until("it was told", () => isAway)
    }).pipe(Effect.scoped),
  )

  it.live("WebSockets: each gets its close frame, and the reload does not wait for more", () =>
    Effect.gen(function* () {
      const { supervisor, url } = yield* supervise({
        program: "protocols.mjs",
        workers: 1,
        drainTimeout: "1 minute",
      })
      let isOpen = false
      let closed: { readonly code: number; readonly wasClean: boolean } | undefined
      const socket = new WebSocket(url.replace("http", "ws"))
      socket.addEventListener("open", () => (isOpen = true))
      socket.addEventListener("close", ({ code, wasClean }) => {
        closed = { code, wasClean }
      })
      yield* Condition.until("it is open", () => isOpen)
      yield* Effect.timeout(supervisor.reload(), "30 seconds")
      yield* Condition.until("it is closed", () => closed)
      assert.deepStrictEqual(closed, { code: 1001, wasClean: true })
    }).pipe(Effect.scoped),
  )
})
