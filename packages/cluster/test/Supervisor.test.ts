import { mkdtempSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, LoadClient, Program } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

const primaryFile = fileURLToPath(new URL("./fixtures/primary.ts", import.meta.url))

interface Settings {
  readonly program: string
  readonly workers?: number
  readonly scheduling?: "leastConnections" | "roundRobin" | "operatingSystem"
  readonly drainTimeout?: string
  readonly startTimeout?: string
  readonly env?: Readonly<Record<string, string>>
}

const startProgram = (settings: Settings) =>
  Program.start({
    command: process.execPath,
    args: [...process.execArgv, primaryFile, JSON.stringify({ workers: 2, ...settings })],
  })

/** A primary whose workers are ready. */
const start = (settings: Settings) =>
  Effect.gen(function* () {
    const primary = yield* startProgram(settings)
    const [, port] = yield* primary.waitForOutput(/ready (\d+)/, "20 seconds")
    const url = `http://127.0.0.1:${port}`
    const get = (path: string) =>
      Effect.tryPromise(async () => {
        const response = await fetch(url + path, { headers: { connection: "close" } })
        return response.text()
      })
    const workers = Effect.map(Census.children(primary.pid), (children) =>
      children.map((child) => child.pid),
    )
    return { primary, url, port: Number(port), get, workers }
  })

const exitOf = (program: Program.Program) => Effect.timeout(program.exit, "20 seconds")

describe("Supervisor", () => {
  for (const scheduling of ["leastConnections", "roundRobin", "operatingSystem"] as const) {
    it.live(`workers share one port with ${scheduling} scheduling`, () =>
      Effect.gen(function* () {
        const { get, workers } = yield* start({ program: "./app.ts", scheduling })
        const pids = yield* workers
        assert.lengthOf(pids, 2)
        const seen = new Set<string>()
        yield* Condition.until(
          "an answer of each worker, or of one where the system prefers it",
          () =>
            Effect.map(get("/pid"), (pid) => {
              seen.add(pid)
              return seen.size === (scheduling === "operatingSystem" ? 1 : 2)
            }),
        )
        for (const pid of seen) assert.include(pids, Number(pid))
      }).pipe(Effect.scoped),
    )
  }

  it.live("kill -9 of a worker under load: the replacement serves", () =>
    Effect.gen(function* () {
      const { get, primary, url, workers } = yield* start({ program: "./app.ts" })
      const load = yield* LoadClient.start({
        url: `${url}/pid`,
        connections: 4,
        keepAlive: false,
        timeout: "2 seconds",
      })
      const [victim] = yield* workers
      assert.isDefined(victim)
      process.kill(victim ?? 0, "SIGKILL")
      const [line] = yield* primary.waitForOutput(/.*"WorkerExited".*/)
      assert.deepInclude(JSON.parse(line), { pid: victim, exitCode: null, signal: "SIGKILL" })
      const pids = yield* Condition.until("two workers, one of them new", () =>
        Effect.map(workers, (pids) => pids.length === 2 && !pids.includes(victim ?? 0) && pids),
      )
      yield* primary.waitForOutput(/WorkerReady/)
      yield* Condition.until("the new one answers", () =>
        Effect.map(get("/pid"), (pid) => pids.includes(Number(pid))),
      )
      const { failed, ok, sent } = yield* load.stop
      assert.strictEqual(sent, ok + failed)
      // Only what was inside the killed worker, or handed to it, can be lost: one per connection.
      assert.isAtMost(failed, 4)
      assert.isAbove(ok, 0)
    }).pipe(Effect.scoped),
  )

  it.live(
    "a worker that crashes again and again is restarted with growing delay, others serve",
    () =>
      Effect.gen(function* () {
        const { get, primary } = yield* start({ program: "./app.ts" })
        const restarts = (n: number) => () => primary.stdout().split("WorkerReady").length - 1 >= n
        for (const n of [1, 2, 3]) {
          yield* Effect.ignore(get("/crash"))
          yield* Condition.until(`restart ${n}`, restarts(n))
        }
        const snapshots: ReadonlyArray<{ restarts: number; state: string }> = JSON.parse(
          yield* get("/workers"),
        )
        assert.strictEqual(
          snapshots.reduce((sum, worker) => sum + worker.restarts, 0),
          3,
        )
        for (const worker of snapshots) assert.strictEqual(worker.state, "ready")
      }).pipe(Effect.scoped),
  )

  it.live("the only worker's replacement listens on the same port", () =>
    Effect.gen(function* () {
      const { get, primary } = yield* start({ program: "./app.ts", workers: 1 })
      yield* Effect.ignore(get("/crash"))
      yield* primary.waitForOutput(/WorkerReady/)
      assert.isAbove(Number(yield* get("/pid")), 0)
    }).pipe(Effect.scoped),
  )

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(
      `${signal}: requests in flight finish, finalizers run, nothing is left, exit code 0`,
      () =>
        Effect.gen(function* () {
          const file = join(mkdtempSync(join(tmpdir(), "manycore-")), "finalized")
          const { get, port, primary, workers } = yield* start({
            program: "./app.ts",
            env: { FINALIZED: file },
          })
          const pids = yield* workers
          const slow = yield* Effect.forkChild(
            Effect.all([get("/slow?ms=600"), get("/slow?ms=600")], { concurrency: 2 }),
          )
          yield* Condition.until("both are in flight", () =>
            Effect.map(get("/workers"), (text) => {
              const snapshots: ReadonlyArray<{ requests: number }> = JSON.parse(text)
              return snapshots.every((worker) => worker.requests > 0)
            }),
          )
          yield* primary.signal(signal)
          assert.deepStrictEqual(yield* Fiber.join(slow), ["slow", "slow"])
          assert.deepStrictEqual(yield* exitOf(primary), { code: 0, signal: null })
          for (const pid of pids) assert.isFalse(yield* Census.alive(pid))
          assert.sameMembers(readFileSync(file, "utf8").trim().split("\n").map(Number), [...pids])
          assert.strictEqual(
            (yield* Effect.flip(get("/pid")))._tag,
            "UnknownError",
            `port ${port} is free`,
          )
        }).pipe(Effect.scoped),
    )
  }

  it.live("a stop under keep-alive load loses no request on a connection that is open", () =>
    Effect.gen(function* () {
      const { primary, url } = yield* start({ program: "./app.ts" })
      const load = yield* LoadClient.start({ url: `${url}/pid`, connections: 8 })
      yield* Condition.until("answers arrive", () => load.snapshot().ok > 100)
      yield* primary.signal("SIGTERM")
      assert.deepStrictEqual(yield* exitOf(primary), { code: 0, signal: null })
      const { errors } = yield* load.stop
      assert.deepStrictEqual(
        Object.keys(errors).filter((name) => name.includes("reused")),
        [],
      )
    }).pipe(Effect.scoped),
  )

  it.live(
    "a stop under new connections cuts off nobody who has connected, and ends when all are answered",
    () =>
      Effect.gen(function* () {
        for (let stop = 0; stop < 3; stop++) {
          const { primary, url } = yield* start({
            program: "./plain.cjs",
            drainTimeout: "2 minutes",
          })
          const load = yield* LoadClient.start({ url, connections: 32, keepAlive: false })
          yield* Condition.until("answers arrive", () => load.snapshot().ok > 300, {
            deadline: "20 seconds",
          })
          yield* primary.signal("SIGTERM")
          // Long before the deadline of the drain.
          assert.deepStrictEqual(yield* exitOf(primary), { code: 0, signal: null })
          const { errors } = yield* load.stop
          const { ECONNREFUSED: _refused, ...others } = errors
          const cutOff = Object.values(others).reduce((sum, n) => sum + n, 0)
          // The system may let one more in while its queue is being closed.
          assert.isAtMost(cutOff, 2, JSON.stringify(errors))
        }
      }).pipe(Effect.scoped),
  )

  it.live("a program that has never heard of us is stopped without losing its requests", () =>
    Effect.gen(function* () {
      const { get, primary } = yield* start({ program: "./plain.cjs" })
      const answers = yield* Effect.forkChild(
        Effect.all([get("/slow"), get("/slow")], { concurrency: 2 }),
      )
      yield* Effect.all([get("/"), get("/")])
      yield* primary.signal("SIGTERM")
      for (const pid of yield* Fiber.join(answers)) assert.isAbove(Number(pid), 0)
      assert.deepStrictEqual(yield* exitOf(primary), { code: 0, signal: null })
    }).pipe(Effect.scoped),
  )

  it.live("a worker that does not drain in time is killed, and the exit code says so", () =>
    Effect.gen(function* () {
      const { primary, workers } = yield* start({
        program: "./stubborn.ts",
        drainTimeout: "300 millis",
      })
      const pids = yield* workers
      yield* primary.signal("SIGTERM")
      assert.deepStrictEqual(yield* exitOf(primary), { code: 1, signal: null })
      for (const pid of pids) assert.isFalse(yield* Census.alive(pid))
    }).pipe(Effect.scoped),
  )

  it.live("a worker takes the time to drain that its supervisor gives it", () =>
    Effect.gen(function* () {
      const { get, primary } = yield* start({ program: "./app.ts", drainTimeout: "400 millis" })
      const slow = yield* Effect.forkChild(Effect.flip(get("/slow?ms=20000")))
      yield* Condition.until("it is in flight", () =>
        Effect.map(get("/workers"), (text) => text.includes('"requests":') && text.length > 2),
      )
      yield* get("/pid")
      yield* primary.signal("SIGTERM")
      assert.deepStrictEqual(yield* exitOf(primary), { code: 1, signal: null })
      yield* Fiber.join(slow)
    }).pipe(Effect.scoped),
  )

  it.live("a second signal kills at once", () =>
    Effect.gen(function* () {
      const { get, primary, workers } = yield* start({
        program: "./stubborn.ts",
        drainTimeout: "1 minute",
      })
      const pids = yield* workers
      yield* primary.signal("SIGTERM")
      // Told to drain, they are no longer on node:cluster's own list.
      yield* Condition.until("the port is closed, the processes are still there", () =>
        Effect.isFailure(get("/")),
      )
      yield* primary.signal("SIGINT")
      yield* exitOf(primary)
      yield* Condition.until("no worker is left", () =>
        Effect.map(Effect.forEach(pids, Census.alive), (alive) => !alive.includes(true)),
      )
    }).pipe(Effect.scoped),
  )

  it.live("workers whose primary is killed run their finalizers and end", () =>
    Effect.gen(function* () {
      const file = join(mkdtempSync(join(tmpdir(), "manycore-")), "finalized")
      const { primary, workers } = yield* start({ program: "./app.ts", env: { FINALIZED: file } })
      const pids = yield* workers
      process.kill(primary.pid, "SIGKILL")
      yield* Condition.until("no worker is left", () =>
        Effect.map(Effect.forEach(pids, Census.alive), (alive) => !alive.includes(true)),
      )
      assert.sameMembers(readFileSync(file, "utf8").trim().split("\n").map(Number), [...pids])
    }).pipe(Effect.scoped),
  )

  it.live("a blocked worker does not keep /workers from answering", () =>
    Effect.gen(function* () {
      const { get } = yield* start({ program: "./app.ts" })
      const blocked = yield* Effect.forkChild(get("/block?ms=1500"))
      const started = performance.now()
      const snapshots: ReadonlyArray<unknown> = JSON.parse(yield* get("/workers"))
      assert.lengthOf(snapshots, 2)
      assert.isBelow(performance.now() - started, 1400)
      assert.strictEqual(yield* Fiber.join(blocked), "blocked")
    }).pipe(Effect.scoped),
  )
})

/** What a primary that cannot start says on stderr. */
const failure = (settings: Settings) =>
  Effect.gen(function* () {
    const primary = yield* startProgram(settings)
    const exit = yield* exitOf(primary)
    assert.deepStrictEqual(exit, { code: 1, signal: null })
    return primary.stderr()
  }).pipe(Effect.scoped)

describe("a bad start is one sentence and exit code 1", () => {
  it.live("a port in use", () =>
    Effect.gen(function* () {
      const port = yield* Effect.acquireRelease(
        Effect.callback<number>((resume) => {
          const server = createServer().listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 0) : 0))
          })
        }),
        () => Effect.void,
      )
      const stderr = yield* failure({ program: "./app.ts", env: { PORT: String(port) } })
      assert.include(stderr, `EADDRINUSE`)
      assert.include(stderr, String(port))
      assert.notInclude(stderr, "    at ")
    }).pipe(Effect.scoped),
  )

  it.live("a host that is not this machine", () =>
    Effect.map(failure({ program: "./app.ts", env: { HOST: "192.0.2.1" } }), (stderr) => {
      assert.match(stderr, /^192\.0\.2\.1 is no address of this machine \(EADDRNOTAVAIL\): try /)
    }),
  )

  it.live("a program that throws", () =>
    Effect.map(failure({ program: "./broken.ts" }), (stderr) => {
      assert.include(stderr, "this program is broken")
      assert.match(stderr, /\na worker failed before it was ready: this program is broken\n$/)
    }),
  )

  it.live("an environment that no process can have", () =>
    Effect.map(failure({ program: "./app.ts", env: { X: "a\0b" } }), (stderr) => {
      assert.match(stderr, /null bytes/)
      assert.lengthOf(stderr.trim().split("\n"), 1)
    }),
  )

  it.live("a program that never listens", () =>
    Effect.map(failure({ program: "./silent.ts", startTimeout: "500 millis" }), (stderr) => {
      assert.strictEqual(
        stderr,
        "a worker was not ready within its deadline: listen, call ready(), or choose another Readiness\n",
      )
    }),
  )

  it.live("a program that does not exist, and no workers", () =>
    Effect.gen(function* () {
      assert.match(
        yield* failure({ program: "./missing.ts" }),
        /^there is no program .*missing\.ts\n$/,
      )
      assert.strictEqual(
        yield* failure({ program: "./app.ts", workers: 1.5 }),
        'workers is 1.5, but must be a whole number, "max" or 0 for one per core, -1 for one less, or a fraction such as 0.5 or "50%"\n',
      )
    }),
  )
})
