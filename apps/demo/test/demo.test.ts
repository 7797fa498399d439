import { createRequire } from "node:module"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, LoadClient, Program } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const startProgram = (env: Readonly<Record<string, string>>) =>
  Program.start({
    command: process.execPath,
    args: [...process.execArgv, mainFile],
    env: { PORT: "0", WORKERS: "2", NO_COLOR: "1", ...env },
  })

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
}

const start = Effect.fnUntraced(function* (env: Readonly<Record<string, string>> = {}) {
  const demo = yield* startProgram(env)
  const [url] = yield* demo.waitForOutput(/http:\/\/127\.0\.0\.1:\d+/, "20 seconds")
  const get = (path: string): Effect.Effect<Answer> =>
    Effect.promise(async () => {
      const response = await fetch(url + path, { headers: { connection: "close" } })
      return {
        status: response.status,
        type: response.headers.get("content-type"),
        text: await response.text(),
      }
    })
  return { demo, url, get }
})

interface Problem {
  readonly status: number
  readonly detail: string
}

interface WorkerJson {
  readonly id: number
  readonly pid: number
  readonly state: string
  readonly restarts: number
  readonly uptime: number
  readonly requests: number
}

const workersOf = (get: (path: string) => Effect.Effect<Answer>) =>
  Effect.map(get("/workers"), ({ text }): ReadonlyArray<WorkerJson> => JSON.parse(text))

describe("the demo", () => {
  it.live("prints a banner with the address, the routes, the workers and how to stop", () =>
    Effect.gen(function* () {
      const { demo, get } = yield* start()
      const workers = yield* workersOf(get)
      const banner = demo.stdout()
      for (const route of ["/fast", "/block?ms=", "/thread?n=", "/crash", "/healthz", "/workers"]) {
        assert.include(banner, route)
      }
      assert.lengthOf(workers, 2)
      for (const { pid } of workers) assert.include(banner, `pid ${pid}`)
      assert.include(banner, "Ctrl+C")
    }).pipe(Effect.scoped),
  )

  // Its worker processes and its thread are TypeScript too.
  const runners = [
    ["node", ["--conditions=@manycore/source", mainFile]],
    [
      "tsx",
      [
        createRequire(import.meta.url).resolve("tsx/cli"),
        "--conditions=@manycore/source",
        mainFile,
      ],
    ],
  ] as const
  for (const [runner, args] of runners) {
    it.live(`runs from its TypeScript sources under plain ${runner}`, () =>
      Effect.gen(function* () {
        const demo = yield* Program.start({
          command: process.execPath,
          args,
          env: { PORT: "0", WORKERS: "1", NO_COLOR: "1", NODE_OPTIONS: undefined },
        })
        const [url] = yield* demo.waitForOutput(/http:\/\/127\.0\.0\.1:\d+/, "20 seconds")
        const text = yield* Effect.promise(async () => (await fetch(`${url}/thread?n=10`)).text())
        assert.include(text, "counted to 10")
      }).pipe(Effect.scoped),
    )
  }

  it.live("answers every route", () =>
    Effect.gen(function* () {
      const { get } = yield* start()
      assert.match((yield* get("/")).text, /^Hi there, from process \d+\n$/)
      assert.match((yield* get("/fast")).text, /^That was fast, process \d+\n$/)
      assert.match((yield* get("/block?ms=5")).text, /was blocked for 5 ms/)
      assert.match(
        (yield* get("/thread?n=1000")).text,
        /^Thread [1-9]\d* of process \d+ counted to 1000\n$/,
      )
      assert.deepStrictEqual(JSON.parse((yield* get("/healthz")).text), { status: "ok" })
      const workers = yield* workersOf(get)
      for (const worker of workers) {
        assert.hasAllKeys(worker, ["id", "pid", "state", "restarts", "uptime", "requests"])
        assert.strictEqual(worker.state, "ready")
      }
      assert.isAtLeast(
        workers.reduce((sum, { requests }) => sum + requests, 0),
        6,
      )
    }).pipe(Effect.scoped),
  )

  it.live(
    "an unknown route is 404 and a malformed query 400, each with a problem that says why",
    () =>
      Effect.gen(function* () {
        const { get } = yield* start({ WORKERS: "1" })
        const cases = [
          ["/nope", 404, "there is no route GET /nope"],
          [
            "/block",
            400,
            "ms must be a whole number from 0 to 10000, such as ms=1000; it is missing",
          ],
          [
            "/block?ms=10001",
            400,
            'ms must be a whole number from 0 to 10000, such as ms=1000; got "10001"',
          ],
          ["/block?ms=-1", 400, 'got "-1"'],
          ["/block?ms=1&ms=2", 400, 'got ["1","2"]'],
          ["/thread?n=1e3", 400, 'got "1e3"'],
          ["/thread?n=1000000001", 400, "from 0 to 1000000000"],
        ] as const
        for (const [path, status, detail] of cases) {
          const answer = yield* get(path)
          assert.strictEqual(answer.status, status, path)
          assert.strictEqual(answer.type, "application/problem+json", path)
          const problem: Problem = JSON.parse(answer.text)
          assert.strictEqual(problem.status, status)
          assert.include(problem.detail, detail)
        }
      }).pipe(Effect.scoped),
  )

  it.live("/thread counts while the loop of its worker stays free", () =>
    Effect.gen(function* () {
      const { get } = yield* start({ WORKERS: "1" })
      yield* get("/thread?n=1")
      const counting = yield* Effect.forkChild(get("/thread?n=1000000000"))
      yield* Condition.until("the count has begun", () =>
        Effect.map(workersOf(get), ([worker]) => (worker?.requests ?? 0) >= 3),
      )
      assert.strictEqual((yield* get("/fast")).status, 200)
      assert.isUndefined(counting.pollUnsafe(), "/fast was answered during the count")
      assert.include((yield* Fiber.join(counting)).text, "counted to 1000000000")
    }).pipe(Effect.scoped),
  )

  it.live("/crash ends its worker and another takes its place", () =>
    Effect.gen(function* () {
      const { demo, get } = yield* start()
      const before = new Set((yield* workersOf(get)).map(({ pid }) => pid))
      assert.include((yield* get("/crash")).text, "is about to crash")
      yield* demo.waitForOutput(/worker \d \(pid \d+\) is ready/)
      const after = yield* workersOf(get)
      assert.strictEqual(
        after.reduce((sum, { restarts }) => sum + restarts, 0),
        1,
      )
      assert.lengthOf(
        after.filter(({ pid }) => before.has(pid)),
        1,
      )
    }).pipe(Effect.scoped),
  )

  it.live("Ctrl-C under load: what is in flight is answered, nothing is left, exit code 0", () =>
    Effect.gen(function* () {
      const { demo, url } = yield* start()
      const pids = yield* Census.children(demo.pid)
      const load = yield* LoadClient.start({ url: `${url}/`, connections: 4, keepAlive: false })
      yield* Condition.until("answers arrive", () => load.snapshot().ok > 0)
      // A terminal sends it to the whole group.
      yield* demo.signalGroup("SIGINT")
      assert.deepStrictEqual(yield* Effect.timeout(demo.exit, "20 seconds"), {
        code: 0,
        signal: null,
      })
      const { errors } = yield* load.stop
      // New connections are refused once nobody listens, and reset while they wait to be accepted.
      assert.deepStrictEqual(
        Object.keys(errors).filter((name) => !["ECONNREFUSED", "ECONNRESET"].includes(name)),
        [],
      )
      for (const { pid } of pids) assert.isFalse(yield* Census.alive(pid))
    }).pipe(Effect.scoped),
  )
})

/** What a demo that cannot start says. */
const failure = (env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const demo = yield* startProgram(env)
    const exit = yield* Effect.timeout(demo.exit, "20 seconds")
    assert.deepStrictEqual(exit, { code: 1, signal: null })
    assert.strictEqual(demo.stdout(), "")
    return demo.stderr()
  }).pipe(Effect.scoped)

describe("a bad setting is one sentence and exit code 1", () => {
  const cases = [
    [{ PORT: "abc" }, 'PORT is "abc", but must be a whole number from 0 to 65535'],
    [{ PORT: "65536" }, 'PORT is "65536", but must be a whole number from 0 to 65535'],
    [{ WORKERS: "0" }, 'WORKERS is "0", but must be a whole number from 1 to 64'],
    [{ WORKERS: "1.5" }, 'WORKERS is "1.5", but must be a whole number from 1 to 64'],
    [
      { SCHEDULING: "random" },
      'SCHEDULING is "random", but must be leastConnections, roundRobin or operatingSystem',
    ],
  ] as const
  for (const [env, sentence] of cases) {
    it.live(sentence, () =>
      Effect.map(failure(env), (stderr) => assert.strictEqual(stderr, `${sentence}\n`)),
    )
  }

  it.live("a port in use", () =>
    Effect.gen(function* () {
      const server = createServer()
      yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
      const port = yield* Effect.callback<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 0) : 0))
        })
      })
      assert.strictEqual(
        yield* failure({ PORT: String(port) }),
        `port ${port} is in use (EADDRINUSE): stop what listens there, or choose another port\n`,
      )
    }).pipe(Effect.scoped),
  )
})
