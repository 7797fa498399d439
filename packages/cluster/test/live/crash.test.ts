import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy, type Supervisor } from "@manycore/cluster"
import { Census, Condition, FaultServer, LoadClient, Program } from "@manycore/testkit"
import { Effect, Fiber, Stream } from "effect"

import { awaitDescriptors, descriptors, failure, loads, supervise } from "./support.ts"

/** Everything that happens from now on, to be looked at later. */
const record = (supervisor: Supervisor.Supervisor["Service"]) =>
  Effect.gen(function* () {
    const seen: Array<Supervisor.Event> = []
    yield* Effect.forkScoped(
      Stream.runForEach(supervisor.events, (event) => Effect.sync(() => seen.push(event))),
    )
    // The subscription begins with the fiber's first step.
    yield* Effect.yieldNow
    return seen
  })

describe("kill -9 of a worker under load", () => {
  it.live(
    "ten times: only what was inside it fails, at once; nothing hangs, leaks or gives up",
    () =>
      Effect.gen(function* () {
        const { pids, supervisor, url } = yield* supervise({
          program: "plain.mjs",
          restart: RestartPolicy.make(),
        })
        const before = descriptors()
        const load = yield* loads(url, [
          { path: "/", connections: 4, keepAlive: true },
          { path: "/", connections: 6, keepAlive: false },
        ])
        for (let kill = 0; kill < 10; kill++) {
          const victim = (yield* pids)[kill % 2] ?? 0
          process.kill(victim, "SIGKILL")
          yield* Condition.until(
            "both places are ready, one of them with somebody new",
            () =>
              Effect.map(
                supervisor.workers,
                (workers) =>
                  workers.length === 2 &&
                  workers.every(({ pid, state }) => state === "ready" && pid !== victim),
              ),
            { deadline: "20 seconds" },
          )
          const answered = load.answered()
          yield* Condition.until("requests are answered", () => load.answered() > answered + 20)
        }
        const results = yield* load.stop
        for (const { errors, failed, ok, sent } of results) {
          assert.strictEqual(sent, ok + failed)
          // Each kill costs a connection at most what it had in that worker.
          assert.isAtMost(failed, 60)
          for (const name of Object.keys(errors)) assert.match(name, /ECONNRESET|ABORTED|EPIPE/)
        }
        yield* awaitDescriptors(before)
      }).pipe(Effect.scoped),
    { timeout: 120_000 },
  )

  it.live("of the only worker: connections wait for its replacement", () =>
    Effect.gen(function* () {
      const { get, pids, supervisor } = yield* supervise({ program: "plain.mjs", workers: 1 })
      const [victim = 0] = yield* pids
      process.kill(victim, "SIGKILL")
      yield* Condition.until("it has gone", () =>
        Effect.map(supervisor.workers, ([worker]) => worker?.pid !== victim),
      )
      assert.notStrictEqual(Number(yield* get("/")), victim)
    }).pipe(Effect.scoped),
  )

  it.live("while it is stopped: what it was handed and never took goes to the other one", () =>
    Effect.gen(function* () {
      const { pids, url } = yield* supervise({ program: "plain.mjs" })
      const before = descriptors()
      const [victim = 0, other = 0] = yield* pids
      process.kill(victim, "SIGSTOP")
      const answers: Array<number> = []
      const load = yield* LoadClient.start({
        url,
        connections: 20,
        requests: 20,
        keepAlive: false,
        timeout: "20 seconds",
        onReply: ({ body }) => answers.push(Number(body)),
      })
      // It holds eight of them at most; all the others are answered by the other one.
      yield* Condition.until("the rest is answered", () => load.snapshot().ok >= 12)
      process.kill(victim, "SIGKILL")
      const { errors, ok } = yield* load.done
      assert.deepStrictEqual(errors, {})
      assert.strictEqual(ok, 20)
      assert.notInclude(answers, victim)
      assert.include(answers, other)
      yield* awaitDescriptors(before)
    }).pipe(Effect.scoped),
  )
})

describe("a worker that ends by itself", () => {
  it.live("tells the error that ended it", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({ program: "plain.mjs", env: {} })
      const seen = yield* record(supervisor)
      yield* supervisor.reload({ env: { BREAK: "late" } }).pipe(Effect.ignore)
      const event = yield* Condition.until("an exit with a report", () =>
        seen.find((one) => one._tag === "WorkerExited" && one.report !== null),
      )
      if (event._tag !== "WorkerExited") return assert.fail(event._tag)
      assert.strictEqual(event.report?.message, "late on purpose")
      assert.match(event.report?.stack ?? "", /plain\.mjs/)
      assert.isFalse(event.expected)
      assert.isAbove(Number(yield* get("/")), 0)
    }).pipe(Effect.scoped),
  )

  it.live("again and again is given up as told, and begins anew with a restart", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({
        program: "plain.mjs",
        workers: 1,
        restart: RestartPolicy.make({ intensity: { crashes: 3, within: "1 minute" } }),
      })
      const seen = yield* record(supervisor)
      const gaveUp = yield* Effect.forkChild(Effect.flip(supervisor.gaveUp))
      for (let crash = 0; crash < 4; crash++) {
        yield* Condition.until("it is ready", () =>
          Effect.map(supervisor.workers, ([worker]) => worker?.state === "ready"),
        )
        yield* supervisor.signal("SIGKILL")
        yield* Condition.until(
          "it has gone",
          () => seen.filter((one) => one._tag === "WorkerExited").length > crash,
        )
      }
      const error = yield* Fiber.join(gaveUp)
      assert.strictEqual(error.reason._tag, "GaveUp")
      assert.include(error.message, "got SIGKILL")
      assert.strictEqual((yield* supervisor.workers)[0]?.state, "gave-up")
      assert.isTrue(seen.some((one) => one._tag === "WorkerGaveUp"))
      yield* supervisor.restart()
      assert.strictEqual((yield* supervisor.workers)[0]?.state, "ready")
      assert.isAbove(Number(yield* get("/")), 0)
    }).pipe(Effect.scoped),
  )

  it.live("with garbage on our pipe is replaced, and the supervisor lives", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({
        program: "plain.mjs",
        workers: 1,
        killTimeout: "500 millis",
      })
      const seen = yield* record(supervisor)
      yield* Effect.ignore(get("/garbage"))
      const event = yield* Condition.until("it is ended", () =>
        seen.find((one) => one._tag === "WorkerExited"),
      )
      if (event._tag !== "WorkerExited") return assert.fail(event._tag)
      assert.include(event.detail ?? "", "descriptor 4")
      yield* Condition.until("another one serves", () =>
        Effect.map(supervisor.workers, ([worker]) => worker?.state === "ready"),
      )
      assert.isAbove(Number(yield* get("/")), 0)
    }).pipe(Effect.scoped),
  )
})

describe("a bad start is a typed error", () => {
  it.live("for a port in use, with its code", () =>
    Effect.gen(function* () {
      const other = yield* FaultServer.make({ routes: {} })
      const error = yield* failure({ program: "plain.mjs", env: { PORT: String(other.port) } })
      if (error.reason._tag !== "StartFailed") return assert.fail(error.reason._tag)
      assert.strictEqual(error.reason.failure.report?.code, "EADDRINUSE")
      assert.strictEqual(
        error.message,
        `port ${other.port} is in use (EADDRINUSE): stop what listens there, or choose another port`,
      )
    }).pipe(Effect.scoped),
  )

  it.live("but not for a program that catches it and listens elsewhere", () =>
    Effect.gen(function* () {
      const other = yield* FaultServer.make({ routes: {} })
      const { supervisor, url } = yield* supervise({
        program: "retry.mjs",
        env: { PORT: String(other.port) },
      })
      assert.notStrictEqual(yield* supervisor.port, other.port)
      yield* supervisor.reload()
      const { errors } = yield* LoadClient.run({ url, connections: 2, requests: 20 })
      assert.deepStrictEqual(errors, {})
    }).pipe(Effect.scoped),
  )

  for (const [how, options, message] of [
    ["a program that throws", { env: { BREAK: "throw" } }, /before it was ready: broken on/],
    [
      "one that exits with 0 at once",
      { env: { BREAK: "exit" } },
      /exited with code 0 before it was ready: .* ready is "spawned"$/,
    ],
    [
      "one that hangs",
      { env: { BREAK: "hang" }, startTimeout: "1 second", killTimeout: "1 second" },
      /not ready/,
    ],
  ] as const) {
    it.live(`for ${how}, and nothing is left`, () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const error = yield* failure({ program: "plain.mjs", ...options })
        assert.strictEqual(error.reason._tag, "StartFailed")
        assert.match(error.message, message)
      }).pipe(Effect.scoped),
    )
  }

  it.live("for a second supervisor in this process", () =>
    Effect.gen(function* () {
      yield* supervise({ program: "plain.mjs", workers: 1 })
      const error = yield* failure({ program: "plain.mjs" })
      assert.strictEqual(error.reason._tag, "NotAlone")
    }).pipe(Effect.scoped),
  )
})

const primaryFile = fileURLToPath(new URL("../fixtures/primary.ts", import.meta.url))

describe("a primary that is killed", () => {
  for (const program of ["app.ts", "plain.mjs", "hooks.mjs"]) {
    it.live(`${program}: what is in flight is answered, finalizers run, the port is free`, () =>
      Effect.gen(function* () {
        const file = join(mkdtempSync(join(tmpdir(), "manycore-")), "finalized")
        const settings = { program: `./${program}`, workers: 2, env: { FINALIZED: file } }
        const primary = yield* Program.start({
          command: process.execPath,
          args: [...process.execArgv, primaryFile, JSON.stringify(settings)],
        })
        const [, port] = yield* primary.waitForOutput(/ready (\d+)/, "20 seconds")
        const workers = (yield* Census.children(primary.pid)).map(({ pid }) => pid)
        const url = `http://127.0.0.1:${port}`
        const slow = yield* LoadClient.start({
          url: `${url}/slow?ms=1000`,
          connections: 4,
          requests: 4,
        })
        yield* Condition.until("they are in flight", () => slow.snapshot().sent === 4)
        // Handed over for sure when a later one has been answered.
        yield* LoadClient.run({ url, connections: 1, requests: 4, keepAlive: false })
        process.kill(primary.pid, "SIGKILL")
        const { ok } = yield* slow.done
        assert.strictEqual(ok, 4)
        yield* Condition.until(
          "no worker is left",
          () => Effect.map(Effect.forEach(workers, Census.alive), (alive) => !alive.includes(true)),
          { deadline: "20 seconds" },
        )
        if (program !== "plain.mjs") {
          const finalized = readFileSync(file, "utf8").trim().split("\n").map(Number)
          assert.sameMembers(finalized, workers)
        }
        const { errors } = yield* LoadClient.run({ url, connections: 1, requests: 1 })
        assert.deepStrictEqual(errors, { ECONNREFUSED: 1 })
      }).pipe(Effect.scoped),
    )
  }

  it.live(
    "in the middle of a reload: those that drain end when they have finished",
    () =>
      Effect.gen(function* () {
        const settings = { program: "./plain.mjs", workers: 2, drainTimeout: "2 minutes" }
        const primary = yield* Program.start({
          command: process.execPath,
          args: [...process.execArgv, primaryFile, JSON.stringify(settings)],
        })
        const [, port] = yield* primary.waitForOutput(/ready (\d+)/, "20 seconds")
        const url = `http://127.0.0.1:${port}`
        const slow = yield* LoadClient.start({
          url: `${url}/slow?ms=3000`,
          connections: 4,
          requests: 4,
        })
        yield* Condition.until("they are in flight", () => slow.snapshot().sent === 4)
        yield* LoadClient.run({ url, connections: 1, requests: 4, keepAlive: false })
        process.kill(primary.pid, "SIGHUP")
        yield* primary.waitForOutput(/WorkerDraining/, "20 seconds")
        const workers = (yield* Census.children(primary.pid)).map(({ pid }) => pid)
        process.kill(primary.pid, "SIGKILL")
        const { errors } = yield* slow.done
        assert.deepStrictEqual(errors, {})
        yield* Condition.until(
          "no worker is left",
          () => Effect.map(Effect.forEach(workers, Census.alive), (alive) => !alive.includes(true)),
          { deadline: "30 seconds" },
        )
      }).pipe(Effect.scoped),
    { timeout: 90_000 },
  )
})
