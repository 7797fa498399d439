import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy, Supervisor } from "@manycore/cluster"
import { Census, Condition, LoadClient } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { assertNothingLost, fixture, loads, supervise } from "./support.ts"

type Service = Supervisor.Supervisor["Service"]

const allReady = (supervisor: Service, size: number) =>
  Condition.until(
    `${size} workers, all ready`,
    () =>
      Effect.map(
        supervisor.workers,
        (workers) => workers.length === size && workers.every(({ state }) => state === "ready"),
      ),
    { deadline: "30 seconds" },
  )

/** The process of a place in that state. */
const pidIn = (supervisor: Service, state: string) =>
  Condition.until(`one is ${state}`, () =>
    Effect.map(
      supervisor.workers,
      (workers) => workers.find((worker) => worker.state === state && worker.pid !== null)?.pid,
    ),
  )

const block = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const lanes = [
  { path: "/", connections: 3, keepAlive: true },
  { path: "/", connections: 3, keepAlive: false },
] as const

describe("a worker that is killed while it", () => {
  it.live("starts, in a reload: the reload fails, the old ones go on", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({ program: "plain.mjs" })
      const old = yield* pids
      const load = yield* loads(url, lanes)
      const reloading = yield* Effect.forkChild(
        Effect.flip(supervisor.reload({ env: { BREAK: "hang" } })),
      )
      process.kill((yield* pidIn(supervisor, "starting")) ?? 0, "SIGKILL")
      const error = yield* Fiber.join(reloading)
      assert.match(error.message, /a new worker got SIGKILL/)
      yield* allReady(supervisor, 2)
      assert.deepStrictEqual(yield* pids, old)
      assertNothingLost(yield* load.stop)
    }).pipe(Effect.scoped),
  )

  it.live("drains: the reload goes on", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({
        program: "plain.mjs",
        drainTimeout: "1 minute",
      })
      const old = yield* pids
      const slow = yield* LoadClient.start({
        url: `${url}/slow?ms=60000`,
        connections: 4,
        requests: 4,
      })
      yield* Condition.until("they are in flight", () => slow.snapshot().sent === 4)
      yield* LoadClient.run({ url, connections: 1, requests: 4, keepAlive: false })
      const reloading = yield* Effect.forkChild(supervisor.reload())
      for (let kill = 0; kill < 2; kill++) {
        process.kill((yield* pidIn(supervisor, "draining")) ?? 0, "SIGKILL")
        yield* Condition.until(
          "it has gone",
          () => Effect.map(pids, (now) => old.filter((pid) => now.includes(pid)).length < 2 - kill),
          { deadline: "20 seconds" },
        )
      }
      yield* Fiber.join(reloading)
      const { failed } = yield* slow.done
      assert.strictEqual(failed, 4)
      yield* allReady(supervisor, 2)
    }).pipe(Effect.scoped),
  )

  it.live("is stopped (SIGSTOP) and must go: SIGKILL at its deadline ends it", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({
        program: "plain.mjs",
        drainTimeout: "500 millis",
        killTimeout: "500 millis",
      })
      const old = yield* pids
      for (const pid of old) process.kill(pid, "SIGSTOP")
      yield* Effect.timeout(supervisor.reload(), "30 seconds")
      for (const pid of old) assert.isFalse(yield* Census.alive(pid))
      const { failed } = yield* LoadClient.run({ url, connections: 2, requests: 20 })
      assert.strictEqual(failed, 0)
    }).pipe(Effect.scoped),
  )

  it.live("ignores SIGTERM: a reload ends it with SIGKILL and succeeds", () =>
    Effect.gen(function* () {
      const { pids, supervisor } = yield* supervise({
        program: "stubborn.ts",
        killTimeout: "300 millis",
      })
      const old = yield* pids
      yield* supervisor.reload()
      for (const pid of old) assert.isFalse(yield* Census.alive(pid))
      yield* allReady(supervisor, 2)
    }).pipe(Effect.scoped),
  )
})

describe("operations that meet", () => {
  it.live("reload, scale and restart at once happen one after the other, under load", () =>
    Effect.gen(function* () {
      const { get, supervisor, url } = yield* supervise({ program: "plain.mjs" })
      const load = yield* loads(url, lanes)
      yield* Effect.all(
        [
          supervisor.reload({ env: { VERSION: "1" } }),
          supervisor.scale(4),
          supervisor.reload({ env: { VERSION: "2" } }),
          supervisor.scale(3),
        ],
        { concurrency: "unbounded" },
      )
      assertNothingLost(yield* load.stop)
      yield* allReady(supervisor, 3)
      assert.strictEqual(yield* get("/version"), "2")
      yield* Effect.all(
        [supervisor.restart(), supervisor.reload(), supervisor.restart({ id: 1 })],
        {
          concurrency: "unbounded",
        },
      )
      yield* allReady(supervisor, 3)
    }).pipe(Effect.scoped),
  )

  it.live("an end in the middle of a reload: the reload says so, and nothing is left", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { supervisor } = yield* supervise({ program: "plain.mjs", killTimeout: "1 second" })
          const reloading = yield* Effect.forkChild(
            Effect.flip(supervisor.reload({ env: { BREAK: "hang" } })),
          )
          yield* pidIn(supervisor, "starting")
          yield* supervisor.stop
          assert.strictEqual((yield* Fiber.join(reloading)).reason._tag, "Stopping")
        }),
      )
    }).pipe(Effect.scoped),
  )

  it.live("a reload that nobody waits for any more goes on, and the next one follows", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({ program: "plain.mjs" })
      const first = yield* Effect.forkChild(supervisor.reload({ env: { VERSION: "1" } }))
      yield* pidIn(supervisor, "starting")
      yield* Fiber.interrupt(first)
      yield* supervisor.reload({ env: { VERSION: "2" } })
      assert.strictEqual(yield* get("/version"), "2")
      yield* allReady(supervisor, 2)
    }).pipe(Effect.scoped),
  )
})

describe("whatever a worker says", () => {
  it.live("twice, too early or never heard of, the supervisor lives and serves", () =>
    Effect.gen(function* () {
      const { pids, supervisor } = yield* supervise({ program: "liar.mjs" })
      const old = yield* pids
      // It calls itself ready before it listens.
      const port = yield* Condition.until("it listens", () => supervisor.port)
      const url = `http://127.0.0.1:${port}`
      const { errors } = yield* LoadClient.run({ url, connections: 4, requests: 200 })
      assert.deepStrictEqual(errors, {})
      assert.deepStrictEqual(yield* pids, old)
      yield* supervisor.reload()
      const again = yield* LoadClient.run({ url, connections: 4, requests: 200, keepAlive: false })
      assert.deepStrictEqual(again.errors, {})
    }).pipe(Effect.scoped),
  )
})

describe("a primary whose own loop is blocked", () => {
  it.live("catches up: the killed worker is replaced, nothing hangs", () =>
    Effect.gen(function* () {
      const { pids, supervisor, url } = yield* supervise({ program: "plain.mjs" })
      const old = yield* pids
      const answers = LoadClient.run({ url, connections: 4, requests: 40, keepAlive: false })
      const load = yield* Effect.forkChild(answers)
      process.kill(old[0] ?? 0, "SIGKILL")
      block(1500)
      yield* Condition.until("it is replaced", () =>
        Effect.map(supervisor.workers, ([worker]) => {
          return worker?.state === "ready" && worker.pid !== old[0]
        }),
      )
      const { failed, ok } = yield* Fiber.join(load)
      assert.strictEqual(ok + failed, 40)
      const after = yield* answers
      assert.strictEqual(after.ok, 40)
    }).pipe(Effect.scoped),
  )
})

describe("groups", () => {
  it.live("one for all: the end of one begins all of them anew", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.makeGroups({
        strategy: "oneForAll",
        groups: [
          { name: "jobs", program: fixture("kinds.mjs"), workers: 1, ready: "spawned" },
          { name: "web", program: fixture("plain.mjs"), workers: 2, lameDuck: 0 },
        ],
      })
      const before = yield* supervisor.workers
      yield* supervisor.signal("SIGKILL", { id: 3 })
      yield* Condition.until(
        "all are new",
        () =>
          Effect.map(supervisor.workers, (after) =>
            after.every(({ pid, state }, i) => state === "ready" && pid !== before[i]?.pid),
          ),
        { deadline: "20 seconds" },
      )
    }).pipe(Effect.scoped),
  )
})

describe("a chosen exit code", () => {
  it.live("means done, also for a permanent worker", () =>
    Effect.gen(function* () {
      const { get, supervisor } = yield* supervise({
        program: "plain.mjs",
        restart: RestartPolicy.make({ doneExitCodes: [9] }),
      })
      yield* Effect.ignore(Effect.exit(get("/crash")))
      yield* Condition.until("one is done, the other serves", () =>
        Effect.map(
          supervisor.workers,
          (workers) =>
            workers
              .map(({ state }) => state)
              .toSorted()
              .join() === "ready,stopped",
        ),
      )
      assert.isAbove(Number(yield* get("/")), 0)
      assert.isTrue((yield* supervisor.workers).every(({ restarts }) => restarts === 0))
    }).pipe(Effect.scoped),
  )
})
