/** Laws 3 and 5: how a pool's threads come and go, and how it ends. Features around them. */
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Program } from "@manycore/testkit"
import { Pool, SharedCounter } from "@manycore/threads"
import { Effect, Fiber, Schedule } from "effect"

import { Laws } from "../fixtures/Laws.ts"
import { Torn } from "../fixtures/Torn.ts"
import { kinds, makePool, reached, until } from "./pools.ts"

const fixture = (name: string) => new URL(`../fixtures/${name}.ts`, import.meta.url)

const areReady = ({ threads }: Pool.Stats) => threads.every(({ state }) => state === "ready")

const refusal = (options: Omit<Pool.Options, "entry">) =>
  makePool("bare", options).pipe(
    Effect.scoped,
    Effect.flip,
    Effect.map((error) => error.message),
  )

/** What a program of the fixtures prints; it must end by itself. */
const output = (name: string) =>
  Effect.gen(function* () {
    const program = yield* Program.start({
      command: process.execPath,
      args: [...process.execArgv, fileURLToPath(fixture(name))],
    })
    const exit = yield* Effect.timeout(program.exit, "30 seconds")
    assert.deepStrictEqual(exit, { code: 0, signal: null }, program.diagnostics())
    return program.stdout()
  })

const fork = <A, E>(task: Effect.Effect<A, E>) =>
  Effect.forkDetach(Effect.flip(task), { startImmediately: true })

describe.each(kinds)("the life of a pool (%s entry)", (kind) => {
  it.live("closing runs what was accepted, refuses the rest, and leaves no thread", () =>
    Effect.gen(function* () {
      const { running, stats, tasks } = yield* Effect.gen(function* () {
        const pool = yield* makePool(kind)
        const adds = yield* Effect.forEach([1, 2, 3, 4, 5], (a) =>
          Effect.forkDetach(pool.tasks.Add({ a, b: 0 }), { startImmediately: true }),
        )
        return { ...pool, running: adds }
      }).pipe(Effect.scoped)
      assert.deepStrictEqual(yield* Fiber.joinAll(running), [1, 2, 3, 4, 5])
      const { reason } = yield* Effect.flip(tasks.Add({ a: 1, b: 1 }))
      assert.strictEqual(reason._tag, "PoolClosed")
      assert.deepInclude(yield* stats, { pending: 0, threads: [] })
    }),
  )

  it.live("closing ends what does not end by itself, after the deadline", () =>
    Effect.gen(function* () {
      const counter = SharedCounter.make()
      const { behind, spinning, stats } = yield* Effect.gen(function* () {
        const pool = yield* makePool(kind, { closeTimeout: "100 millis" })
        const spinning = yield* fork(pool.tasks.Spin({ counter }))
        yield* reached(counter, 1)
        const behind = yield* Effect.forEach([1, 2, 3], (a) => fork(pool.tasks.Add({ a, b: 0 })))
        return { spinning, behind, stats: pool.stats }
      }).pipe(Effect.scoped)
      for (const error of yield* Fiber.joinAll([spinning, ...behind])) {
        assert.deepInclude(error, { _tag: "ThreadsError" })
        assert.strictEqual(error.reason._tag, "PoolClosed")
      }
      assert.deepInclude(yield* stats, { pending: 0, threads: [] })
    }),
  )

  it.live("setup runs before the first task of each thread, teardown when it goes", () =>
    Effect.gen(function* () {
      const workerData = new SharedArrayBuffer(8)
      const cells = new Int32Array(workerData)
      yield* Effect.gen(function* () {
        const pool = yield* Pool.make(Torn, {
          entry: fixture(`torn.${kind}`),
          size: 2,
          workerData,
        })
        yield* until(pool, "both threads are ready", areReady)
        assert.deepStrictEqual(yield* pool.broadcast.SetUp(), [true, true])
      }).pipe(Effect.scoped)
      assert.deepStrictEqual([...cells], [2, 2])
    }),
  )

  it.live("a thread is replaced after so many tasks, and none is lost", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { recycle: { afterTasks: 10 } })
      const results: Array<number> = []
      for (let a = 0; a < 35; a++) results.push(yield* pool.tasks.Add({ a, b: 0 }))
      assert.deepStrictEqual(
        results,
        Array.from({ length: 35 }, (_, i) => i),
      )
      const { lost, recycled } = yield* pool.stats
      assert.strictEqual(lost, 0)
      assert.isAtLeast(recycled, 3)
    }).pipe(Effect.scoped),
  )

  it.live("a spare takes the place of a thread that has ended", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind, { spares: 1 })
      yield* until(
        pool,
        "the spare is ready",
        (stats) => areReady(stats) && stats.threads.length === 2,
      )
      const spare = (yield* pool.stats).threads.map(({ threadId }) => threadId)
      yield* Effect.flip(pool.tasks.Exit({ code: 0 }))
      assert.include(spare, yield* pool.tasks.ThreadId())
      yield* until(pool, "there is a spare again", (stats) => stats.started === 3)
    }).pipe(Effect.scoped),
  )
})

describe("the life of a pool", () => {
  it.live("what programs without types give is refused by the option's name", () =>
    Effect.gen(function* () {
      const refusals = [
        [{ size: "2" }, 'size is "2", but must be a whole number from 1'],
        [
          { scheduling: "best" },
          'scheduling is "best", but must be one of leastBusy, roundRobin, a',
        ],
        [{ queue: { strategy: 1 } }, "queue.strategy is 1, but must be one of suspend, fail, drop"],
        [{ entry: "./entry.js" }, 'entry is "./entry.js", but must be a URL, such as new URL('],
      ] as const
      for (const [options, start] of refusals) {
        const message = yield* refusal(options as object)
        assert.strictEqual(message.slice(0, start.length), start)
      }
    }),
  )

  it.live("a pool grows when there is more to do, and shrinks when there is not", () =>
    Effect.gen(function* () {
      const pool = yield* makePool("bare", { maxThreads: 3, idleTimeout: "50 millis" })
      const counter = SharedCounter.make()
      const open = SharedCounter.make()
      const blocking = yield* Effect.forEach(Array.from({ length: 6 }), () =>
        Effect.forkChild(pool.tasks.Block({ counter, open })),
      )
      yield* reached(counter, 3)
      assert.strictEqual((yield* pool.stats).size, 3)
      SharedCounter.increment(open)
      yield* Fiber.joinAll(blocking)
      yield* until(pool, "one thread is left", ({ threads }) => threads.length === 1)
      assert.deepInclude(yield* pool.stats, { size: 1, lost: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("threads that always die stop the pool with one clear error", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make(Torn, {
        entry: fixture("dying.bare"),
        size: 1,
        workerData: new SharedArrayBuffer(4),
        respawn: { schedule: Schedule.spaced("5 millis"), times: 3 },
      })
      const exited = yield* Effect.flip(pool.tasks.SetUp())
      assert.strictEqual(exited.reason._tag, "ThreadExited")
      const { message, reason } = yield* Effect.flip(pool.tasks.SetUp())
      assert.deepInclude(reason, { _tag: "GaveUp", deaths: 4 })
      assert.match(
        message,
        /^the pool has stopped: 4 threads of .*dying\.bare\.ts died early, the last of: one is enough$/,
      )
      assert.deepInclude(yield* pool.stats, { started: 5, pending: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("tasks that crash their thread again and again do not stop the pool", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool("bare", { respawn: { times: 1 } })
      for (let code = 0; code < 5; code++) {
        const { reason } = yield* Effect.flip(tasks.Exit({ code }))
        assert.deepInclude(reason, { _tag: "ThreadExited", exitCode: code })
      }
      assert.strictEqual(yield* tasks.Add({ a: 1, b: 1 }), 2)
    }).pipe(Effect.scoped),
  )

  it.live("a thread with too large a heap is replaced", () =>
    Effect.gen(function* () {
      const pool = yield* makePool("bare", { recycle: { heapLimit: 1 } })
      const { tasks } = pool
      yield* Effect.repeat(tasks.Burn({ millis: 5 }), {
        until: () => Effect.runSync(pool.stats).recycled > 0,
      })
      assert.deepInclude(yield* pool.stats, { lost: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("name, env, argv, execArgv, limits and workerData are the threads' own", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool("bare", {
        name: "crunch",
        env: { MANYCORE_TEST: "here" },
        argv: ["--one"],
        execArgv: [...process.execArgv, "--no-warnings"],
        resourceLimits: { maxOldGenerationSizeMb: 77 },
        workerData: { answer: 42 },
      })
      const found: unknown = yield* tasks.Environment()
      assert.deepInclude(found, {
        env: "here",
        argv: ["--one"],
        limit: 77,
        workerData: { answer: 42 },
      })
      assert.match(JSON.stringify(found), /"--no-warnings"/)
    }).pipe(Effect.scoped),
  )

  it.live("an idle pool does not keep its process alive", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* output("idleProgram"), "3\n")
    }).pipe(Effect.scoped),
  )

  it.live("with keepAlive it does, until it is closed", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* output("keptAlive"), "3\nstill here\n")
    }).pipe(Effect.scoped),
  )

  it.live("debuggers and profilers call the threads by the pool's name", () =>
    Effect.gen(function* () {
      assert.match(yield* output("namedThreads"), /^\[worker \d+\] crunch-1\n$/)
    }).pipe(Effect.scoped),
  )

  it.live("broadcast reaches also threads that are still starting", () =>
    Effect.gen(function* () {
      const { broadcast } = yield* makePool("bare", { size: 4 })
      const threads = yield* broadcast.ThreadId()
      assert.strictEqual(new Set(threads).size, 4)
    }).pipe(Effect.scoped),
  )

  it.live("threads that hang while they start stop the pool as those that die do", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make(Torn, {
        entry: fixture("hanging.bare"),
        size: 1,
        workerData: new SharedArrayBuffer(4),
        startTimeout: "3 seconds",
        respawn: { schedule: Schedule.spaced("5 millis"), times: 1, within: "2 seconds" },
      })
      yield* Effect.flip(pool.tasks.SetUp())
      const { message } = yield* Effect.flip(pool.tasks.SetUp())
      assert.match(message, /^the pool has stopped: 2 threads of .* it did not serve within/)
    }).pipe(Effect.scoped),
  )

  it.live("an entry that does not serve the contract is an error that names the task", () =>
    Effect.gen(function* () {
      const error = yield* Pool.make(Laws, {
        entry: fixture("torn.bare"),
        workerData: new SharedArrayBuffer(8),
      }).pipe(Effect.scoped, Effect.flip)
      assert.match(error.message, /torn\.bare\.ts does not serve Add: give its entry a handler/)
    }),
  )

  it.live("options that make no sense are errors that name them", () =>
    Effect.gen(function* () {
      const whole = "but must be a whole number from"
      assert.strictEqual(yield* refusal({ size: -1 }), `size is -1, ${whole} 1`)
      assert.strictEqual(yield* refusal({ minThreads: 0 }), `minThreads is 0, ${whole} 1`)
      assert.strictEqual(
        yield* refusal({ minThreads: 3, maxThreads: 2 }),
        `maxThreads is 2, ${whole} 3`,
      )
      assert.strictEqual(yield* refusal({ concurrency: 0 }), `concurrency is 0, ${whole} 1`)
      assert.strictEqual(
        yield* refusal({ queue: { capacity: -1 } }),
        `queue.capacity is -1, ${whole} 0`,
      )
      assert.strictEqual(
        yield* refusal({ recycle: { heapLimit: -5 } }),
        "recycle.heapLimit is -5, but must be a number over 0",
      )
      assert.strictEqual(
        yield* refusal({ grace: Number.NaN }),
        "grace is NaN, but must be a duration from 0",
      )
      // Node itself would end the whole process.
      assert.match(
        yield* refusal({ resourceLimits: { maxOldGenerationSizeMb: 1 } }),
        /^resourceLimits\.maxOldGenerationSizeMb is 1, but must be a number from 4/,
      )
      assert.strictEqual(
        yield* refusal({ resourceLimits: { stackSizeMb: 0 } }),
        "resourceLimits.stackSizeMb is 0, but must be a number over 0",
      )
    }),
  )
})
