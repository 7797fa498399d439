import { mkdtempSync, readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Readiness, RestartPolicy } from "@manycore/cluster"
import { Census, Condition, FaultServer, LoadClient } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { supervise } from "./support.ts"

describe("unmodified programs", () => {
  it.live("that fork under isMaster run as workers; what they fork themselves is theirs", () =>
    Effect.gen(function* () {
      const { get, pids } = yield* supervise({ program: "forks.cjs" })
      assert.strictEqual(yield* get("/"), "true true")
      assert.lengthOf(yield* Census.processes(), (yield* pids).length)
      assert.notMatch(yield* get("/fork"), /MANYCORE/)
      assert.strictEqual(yield* get("/thread"), "thread")
    }).pipe(Effect.scoped),
  )

  it.live("with an exclusive or a reusePort server are ready when it listens", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      for (const KIND of ["exclusive", "reusePort"]) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { get } = yield* supervise({
              program: "kinds.mjs",
              env: { KIND, PORT: String(port) },
            })
            assert.strictEqual(yield* get("/"), "here")
          }),
        )
      }
    }).pipe(Effect.scoped),
  )

  it.live("that say ready as for PM2 are ready then", () =>
    Effect.asVoid(supervise({ program: "kinds.mjs", env: { KIND: "pm2" }, ready: "message" })).pipe(
      Effect.scoped,
    ),
  )

  for (const ready of ["spawned", Readiness.uptime(300)] as const) {
    it.live(`without a port are ready by ${JSON.stringify(ready)}`, () =>
      Effect.gen(function* () {
        const { supervisor } = yield* supervise({ program: "kinds.mjs", ready })
        assert.isTrue((yield* supervisor.workers).every(({ state }) => state === "ready"))
      }).pipe(Effect.scoped),
    )
  }

  it.live("are ready when their own server answers the probe", () =>
    Effect.gen(function* () {
      const { url } = yield* supervise({
        program: "kinds.mjs",
        env: { KIND: "warm" },
        ready: Readiness.probe("/healthz"),
      })
      const { failed, ok } = yield* LoadClient.run({ url, connections: 2, requests: 20 })
      assert.deepStrictEqual([ok, failed], [20, 0])
    }).pipe(Effect.scoped),
  )

  it.live("that are done are not started again", () =>
    Effect.gen(function* () {
      const { supervisor } = yield* supervise({
        program: "kinds.mjs",
        env: { KIND: "job" },
        ready: "spawned",
        restart: RestartPolicy.make({ type: "transient" }),
      })
      yield* Condition.until("both are done", () =>
        Effect.map(supervisor.workers, (workers) =>
          workers.every(({ pid, state }) => state === "stopped" && pid === null),
        ),
      )
    }).pipe(Effect.scoped),
  )
})

describe("a program without Effect that uses @manycore/cluster/worker", () => {
  it.live("is ready when it says so; is told to drain, then to end, and both are awaited", () =>
    Effect.gen(function* () {
      const file = join(mkdtempSync(join(tmpdir(), "manycore-")), "finalized")
      const { pids, supervisor } = yield* supervise({
        program: "hooks.mjs",
        workers: 1,
        ready: "message",
        env: { FINALIZED: file, TELL_DRAIN: "1" },
      })
      const [old] = yield* pids
      yield* supervisor.reload({ env: {} })
      assert.strictEqual(readFileSync(file, "utf8"), `drain\n${old}\n`)
    }).pipe(Effect.scoped),
  )
})

const ask = (url: string, agent: Agent): Promise<{ connection: unknown; body: string }> =>
  new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resolve({ connection: response.headers.connection, body }))
    })
      .on("error", reject)
      .end()
  })

describe("drain", () => {
  it.live("an idle keep-alive client is answered once more, and told to go elsewhere", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({
        program: "plain.mjs",
        workers: 1,
        lameDuck: "20 seconds",
      })
      const [old = 0] = yield* pids
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
      const first = yield* Effect.promise(() => ask(url, agent))
      assert.deepStrictEqual(first, { connection: "keep-alive", body: String(old) })
      const reloading = yield* Effect.forkChild(supervisor.reload())
      yield* Condition.until("the old one drains", () =>
        Effect.map(supervisor.workers, (workers) =>
          workers.some(({ pid, state }) => pid === old && state === "draining"),
        ),
      )
      // The primary has told it on the pipe; a new connection's answer shows that it has heard.
      yield* Effect.promise(() => fetch(url, { headers: { connection: "close" } }))
      const second = yield* Effect.promise(() => ask(url, agent))
      assert.deepStrictEqual(second, { connection: "close", body: String(old) })
      yield* Fiber.join(reloading)
      const third = yield* Effect.promise(() => ask(url, agent))
      assert.notStrictEqual(third.body, String(old))
    }).pipe(Effect.scoped),
  )

  it.live("a client that stays idle is closed after the lame-duck time", () =>
    Effect.gen(function* () {
      const { supervisor, url } = yield* supervise({
        program: "plain.mjs",
        workers: 1,
        lameDuck: "300 millis",
      })
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
      yield* Effect.promise(() => ask(url, agent))
      yield* Effect.timeout(supervisor.reload(), "20 seconds")
    }).pipe(Effect.scoped),
  )
})
