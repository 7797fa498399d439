import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Condition, Program } from "@manycore/testkit"
import { Pool, SharedCounter } from "@manycore/threads"
import { type Duration, Effect, Fiber, Stream } from "effect"

import { Tasks, TooLarge } from "./fixtures/Tasks.ts"

const entry = (name: string) => new URL(`./fixtures/${name}.thread.ts`, import.meta.url)

const makePool = (size: number) => Pool.make(Tasks, { entry: entry("tasks"), size })

const spinning = (counter: SharedCounter.SharedCounter, n: number) =>
  Condition.until(`${n} tasks run`, () => SharedCounter.get(counter) === n)

const startFailure = (name: string, startTimeout: Duration.Input = "20 seconds") =>
  Pool.make(Tasks, { entry: entry(name), size: 2, startTimeout }).pipe(
    Effect.scoped,
    Effect.flip,
    Effect.map((error) => error.message),
  )

describe("Pool", () => {
  it.live("runs a typed task on another thread", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      assert.strictEqual(yield* tasks.CountTo({ n: 1000 }), 1000)
      assert.isAbove(yield* tasks.ThreadId(), 0)
    }).pipe(Effect.scoped),
  )

  it.live("uses every thread", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(2)
      const counter = SharedCounter.make()
      const waiting = yield* Effect.forEach([1, 2], () => Effect.forkChild(tasks.Wait({ counter })))
      yield* spinning(counter, 2)
      yield* Fiber.interruptAll(waiting)
    }).pipe(Effect.scoped),
  )

  it.live("a task's typed error arrives as its class", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      const error = yield* Effect.flip(tasks.CountTo({ n: 2e9 }))
      assert.instanceOf(error, TooLarge)
    }).pipe(Effect.scoped),
  )

  it.live("1 MiB of bytes crosses both ways unchanged", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      const bytes = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => i * 31)
      const inverted = yield* tasks.Invert({ bytes })
      assert.isTrue(Buffer.from(inverted).equals(bytes.map((byte) => 255 - byte)))
    }).pipe(Effect.scoped),
  )

  it.live("a stream task arrives in order and whole", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      const numbers = yield* Stream.runCollect(tasks.Range({ to: 100 }))
      assert.deepStrictEqual(
        numbers,
        Array.from({ length: 100 }, (_, i) => i + 1),
      )
    }).pipe(Effect.scoped),
  )

  it.live("a stream that is not read to its end gives its thread back, stuck or not", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      const first = yield* Stream.runCollect(Stream.take(tasks.EmitThenSpin(), 1))
      assert.deepStrictEqual(first, [1])
      assert.strictEqual(yield* tasks.CountTo({ n: 2 }), 2)
    }).pipe(Effect.scoped),
  )

  it.live("threads add to one shared counter and no update is lost", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(2)
      const counter = SharedCounter.make()
      yield* Effect.forEach([1, 2, 3, 4], () => tasks.Add({ counter, times: 50_000 }), {
        concurrency: "unbounded",
      })
      assert.strictEqual(SharedCounter.get(counter), 200_000)
    }).pipe(Effect.scoped),
  )

  it.live("process.exit in a task fails that task only, by name, and the thread is replaced", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(2)
      const counter = SharedCounter.make()
      const sibling = yield* Effect.forkChild(tasks.Wait({ counter }))
      yield* spinning(counter, 1)

      const error = yield* Effect.flip(tasks.Exit({ code: 7 }))
      assert.deepInclude(error.reason, { _tag: "ThreadExited", task: "Exit", exitCode: 7 })
      assert.strictEqual((yield* stats).lost, 1)
      assert.isUndefined(sibling.pollUnsafe())

      const another = yield* Effect.forkChild(tasks.Wait({ counter }))
      yield* spinning(counter, 2)
      assert.deepInclude(yield* stats, { size: 2, started: 3, lost: 1 })
      yield* Fiber.interruptAll([sibling, another])
    }).pipe(Effect.scoped),
  )

  it.live("an uncaught error fails its task with the error's message, and the next task runs", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(1)
      const first = yield* tasks.ThreadId()
      const error = yield* Effect.flip(tasks.Throw())
      assert.deepInclude(error.reason, { _tag: "ThreadExited", task: "Throw", exitCode: 1 })
      assert.match(error.message, /thread \d+ exited with code 1 while it ran Throw: uncaught/)
      assert.notStrictEqual(yield* tasks.ThreadId(), first)
      assert.strictEqual((yield* stats).lost, 1)
    }).pipe(Effect.scoped),
  )

  it.live("interrupting a task that loops for ever ends its thread and frees its place", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(1)
      const counter = SharedCounter.make()
      const task = yield* Effect.forkChild(tasks.Spin({ counter }))
      yield* spinning(counter, 1)
      yield* Fiber.interrupt(task)
      assert.strictEqual(yield* tasks.CountTo({ n: 3 }), 3)
      // We ended it: it was not lost.
      assert.deepInclude(yield* stats, { size: 1, started: 2, lost: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("a task that loops for ever fails with PoolClosed when the pool closes", () =>
    Effect.gen(function* () {
      const counter = SharedCounter.make()
      const task = yield* Effect.gen(function* () {
        const { tasks } = yield* Pool.make(Tasks, {
          entry: entry("tasks"),
          size: 1,
          closeTimeout: "100 millis",
        })
        const task = yield* Effect.forkDetach(Effect.flip(tasks.Spin({ counter })))
        yield* spinning(counter, 1)
        return task
      }).pipe(Effect.scoped)
      const error = yield* Fiber.join(task)
      assert.deepInclude(error.reason, { _tag: "PoolClosed", task: "Spin" })
    }),
  )

  it.live("tasks that wait for a thread when the pool closes fail with PoolClosed", () =>
    Effect.gen(function* () {
      const counter = SharedCounter.make()
      const waiting = yield* Effect.gen(function* () {
        const { tasks } = yield* Pool.make(Tasks, {
          entry: entry("tasks"),
          size: 1,
          closeTimeout: "100 millis",
        })
        yield* Effect.forkDetach(Effect.ignore(tasks.Wait({ counter })))
        yield* spinning(counter, 1)
        const waiting = yield* Effect.forEach([1, 2, 3], () =>
          Effect.forkDetach(Effect.flip(tasks.ThreadId()), { startImmediately: true }),
        )
        return waiting
      }).pipe(Effect.scoped)
      for (const error of yield* Fiber.joinAll(waiting)) {
        assert.deepInclude(error.reason, { _tag: "PoolClosed", task: "ThreadId" })
      }
    }),
  )

  it.live("a closed pool refuses tasks", () =>
    Effect.gen(function* () {
      const { tasks } = yield* Effect.scoped(makePool(1))
      const error = yield* Effect.flip(tasks.ThreadId())
      assert.strictEqual(error.message, "the pool closed before ThreadId had an outcome")
    }),
  )

  it.live("nothing keeps the process alive after the Scope closed", () =>
    Effect.gen(function* () {
      const program = yield* Program.start({
        command: process.execPath,
        args: [
          ...process.execArgv,
          fileURLToPath(new URL("./fixtures/program.ts", import.meta.url)),
        ],
      })
      assert.deepStrictEqual(yield* Effect.timeout(program.exit, "10 seconds"), {
        code: 0,
        signal: null,
      })
      assert.strictEqual(program.stdout(), "counted 10\n")
    }).pipe(Effect.scoped),
  )

  it.live("a payload that does not fit fails the task with InvalidPayload", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(1)
      const error = yield* Effect.flip(tasks.CountTo({ n: 1.5 }))
      assert.deepInclude(error, { _tag: "ThreadsError" })
      assert.match(error.message, /^the payload of CountTo was refused: .*at \["n"\]/s)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a program without types passes
      const other = yield* Effect.flip(tasks.CountTo({ n: "x" as never }))
      assert.match(other.message, /^the payload of CountTo was refused: .*at \["n"\]/s)
      assert.strictEqual(yield* tasks.CountTo({ n: 1 }), 1)
    }).pipe(Effect.scoped),
  )

  it.live("an entry that is missing, broken or silent is one clear error at construction", () =>
    Effect.gen(function* () {
      assert.match(
        yield* startFailure("missing"),
        /^there is no thread entry file .*missing\.thread\.ts$/,
      )
      assert.match(
        yield* startFailure("broken"),
        /broken\.thread\.ts did not start: this entry is broken$/,
      )
      assert.match(
        yield* startFailure("silent", "500 millis"),
        /silent\.thread\.ts did not start: it did not serve/,
      )
    }),
  )

  it.live("a size of zero is refused with the option's name", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(makePool(0)))
      assert.strictEqual(error.message, "size is 0, but must be a whole number from 1")
    }),
  )
})
