import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, Program } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import * as Job from "../src/internal/engine/Job.ts"
import * as LoadTest from "../src/LoadTest.ts"
import * as Plan from "../src/Plan.ts"
import { run } from "./fixtures/run.ts"
import * as Servers from "./fixtures/servers.ts"
import * as Workers from "./fixtures/workers.ts"

const { hello } = Servers

/** For threads to start on a machine that has much else to do. */
const patient = { deadline: "20 seconds" } as const

/** Connections and requests of each thread of eight. */
const shares = (input: Partial<Plan.Input>) =>
  Effect.map(Plan.make({ url: "http://a/", threads: 8, ...input }), (plan) =>
    Job.make(plan).map(({ connections, requests }) => [connections, requests]),
  )

describe("threads", () => {
  it.live("share requests, connections and targets: they are totals", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      let served = 0
      const { accepted, port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => {
          served += 1
          socket.write(hello)
        }),
      )
      const url = `http://127.0.0.1:${port}`
      const report = yield* run({
        targets: [{ url: `${url}/a`, weight: 3 }, { url: `${url}/b` }],
        requests: 1001,
        connections: 7,
        threads: 3,
      })
      assert.deepStrictEqual(report.requests, { sent: 1001, ok: 1001, failed: 0, inFlight: 0 })
      assert.strictEqual(served, 1001)
      assert.strictEqual(accepted(), 7)
      assert.approximately(report.routes[0]?.requests.sent ?? 0, 751, 2)
      assert.isNotNull(report.histogram)
    }),
  )

  it.live("share one schedule of arrivals", () =>
    Effect.gen(function* () {
      const { accepted, port } = yield* Servers.tcp(Servers.always(hello))
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        rate: 200,
        duration: "1 second",
        connections: 6,
        threads: 2,
        timeout: "30 seconds",
        grace: "30 seconds",
      })
      assert.deepStrictEqual(report.requests, { sent: 200, ok: 200, failed: 0, inFlight: 0 })
      assert.strictEqual(report.rate.asked, 200)
      assert.strictEqual(accepted(), 6)
      assert.strictEqual(report.lateness?.count, 200)
    }),
  )

  it.live("are never more than there are connections or requests", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shares({ connections: 2 }), [
        [1, Infinity],
        [1, Infinity],
      ])
      assert.deepStrictEqual(yield* shares({ connections: 10, requests: 3, rate: 5 }), [
        [4, 1],
        [3, 1],
        [3, 1],
      ])
    }),
  )

  it.live("show how they are doing, stop when they are told to, and still report", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { port } = yield* Servers.tcp(Servers.always(hello))
      const started = yield* LoadTest.start({
        url: `http://127.0.0.1:${port}/`,
        duration: "1 hour",
        connections: 4,
        threads: 2,
      })
      yield* Condition.until(
        "answers were counted",
        () => Effect.map(started.snapshot, (now) => now.requests.ok > 100 && now.recent !== null),
        patient,
      )
      const report = yield* started.stop
      assert.strictEqual(report.ended, "stopped")
      assert.strictEqual(report.requests.inFlight, 0)
      assert.strictEqual((yield* started.snapshot).phase, "ended")
    }).pipe(Effect.scoped),
  )

  it.live("end with the run when it is interrupted, sockets included", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const threads = yield* Workers.watch
      const { open, port } = yield* Servers.tcp((socket) => Servers.onRequest(socket, () => {}))
      const fiber = yield* Effect.forkChild(
        run({ url: `http://127.0.0.1:${port}/`, duration: "1 hour", connections: 4, threads: 2 }),
      )
      yield* Condition.until("all connections are open", () => open() === 4, patient)
      assert.lengthOf(threads.alive(), 2)
      yield* Effect.timeout(Fiber.interrupt(fiber), "20 seconds")
      assert.lengthOf(threads.alive(), 0)
      yield* Condition.until("no connection is open", () => open() === 0)
    }),
  )

  it.live("that are killed in the middle of it end the run with an error that says so", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const threads = yield* Workers.watch
      const { open, port } = yield* Servers.tcp(Servers.always(hello))
      const started = yield* LoadTest.start({
        url: `http://127.0.0.1:${port}/`,
        duration: "1 hour",
        connections: 4,
        threads: 2,
      })
      yield* Condition.until(
        "answers were counted",
        () => Effect.map(started.snapshot, (now) => now.requests.ok > 100),
        patient,
      )
      const [, second] = threads.alive()
      yield* Effect.promise(() => second?.terminate() ?? Promise.reject(new Error("it is gone")))
      const error = yield* Effect.flip(started.report)
      assert.strictEqual(error.reason._tag, "GeneratorLost")
      assert.match(
        error.message,
        /^a thread that generated load was lost: thread \d+ exited with code 1 while it ran Generate$/,
      )
      // The other one ends too, although the Scope is still open.
      yield* Condition.until("no thread and no connection is left", () =>
        Effect.sync(() => threads.alive().length === 0 && open() === 0),
      )
    }).pipe(Effect.scoped),
  )

  it.live("are gone when a run has ended, although its Scope is still open", () =>
    Effect.gen(function* () {
      const threads = yield* Workers.watch
      const { port } = yield* Servers.tcp(Servers.always(hello))
      const started = yield* LoadTest.start({
        url: `http://127.0.0.1:${port}/`,
        requests: 40,
        connections: 4,
        threads: 3,
      })
      assert.strictEqual((yield* started.report).requests.ok, 40)
      assert.strictEqual(threads.started(), 3)
      yield* Condition.until("no thread is left", () =>
        Effect.sync(() => threads.alive().length === 0),
      )
    }).pipe(Effect.scoped),
  )

  it.live("do not keep a program alive that is done with them", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(Servers.always(hello))
      const program = yield* Program.start({
        command: process.execPath,
        args: [
          "--conditions=@manycore/source",
          fileURLToPath(new URL("./fixtures/twoThreads.ts", import.meta.url)),
          `http://127.0.0.1:${port}/`,
        ],
      })
      const { code } = yield* program.exit.pipe(
        Effect.timeoutOrElse({
          duration: "25 seconds",
          orElse: () => Effect.die(new Error(`it does not end: ${program.diagnostics()}`)),
        }),
      )
      assert.strictEqual(code, 0, program.diagnostics())
      assert.strictEqual(program.stdout(), "100 ok, interrupted\n")
    }),
  )
})
