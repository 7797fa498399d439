/** Law 1: one task, one outcome, and only what had started dies with its thread. Law 6: errors. */
import { assert, describe, it } from "@effect/vitest"
import { SharedCounter } from "@manycore/threads"
import { Cause, Effect, Exit, Fiber } from "effect"

import { Refused } from "../fixtures/Laws.ts"
import { kinds, makePool, reached, until } from "./pools.ts"

const defectOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  assert.isTrue(Exit.isFailure(exit))
  return Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
}

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

describe.each(kinds)("outcomes of tasks (%s entry)", (kind) => {
  it.live("ten thousand tasks at once have their own result each", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind, { size: 2 })
      const results = yield* Effect.forEach(
        Array.from({ length: 10_000 }, (_, i) => i),
        (i) => tasks.Add({ a: i, b: 1 }),
        { concurrency: "unbounded" },
      )
      for (const [i, result] of results.entries()) assert.strictEqual(result, i + 1)
      const { completed, pending } = yield* stats
      assert.deepStrictEqual({ completed, pending }, { completed: 10_000, pending: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("what is thrown is a defect with name, message, properties, cause and both stacks", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const callHere = () => tasks.Throw({ message: "thrown" })
      const error = defectOf(yield* Effect.exit(callHere()))
      assert.instanceOf(error, RangeError)
      assert.strictEqual(error.message, "thrown")
      assert.strictEqual(property(error, "code"), "E_TEST")
      assert.deepStrictEqual(property(error, "at"), new Date(0))
      assert.instanceOf(error.cause, TypeError)
      assert.strictEqual(property(error.cause, "message"), "the cause")
      assert.strictEqual(property(error.cause, "cause"), 42)
      assert.match(error.stack ?? "", new RegExp(`laws\\.${kind}`))
      assert.match(error.stack ?? "", /the caller of the task[\s\S]*callHere/)
      // The thread is as good as before.
      assert.strictEqual(yield* tasks.Add({ a: 1, b: 2 }), 3)
    }).pipe(Effect.scoped),
  )

  it.live("what is rejected is a defect, also of a class that this side does not know", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const error = defectOf(yield* Effect.exit(tasks.Reject({ message: "rejected" })))
      assert.instanceOf(error, Error)
      assert.strictEqual(error.name, "OddError")
      assert.deepStrictEqual(property(error, "list"), [1, 2n])
    }).pipe(Effect.scoped),
  )

  it.live("an error of the contract arrives as its class, with cause and both stacks", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const callHere = () => tasks.Refuse({ why: "no" })
      const error = yield* Effect.flip(callHere())
      assert.instanceOf(error, Refused)
      assert.deepInclude(error, { _tag: "Refused", why: "no", amount: 3n })
      assert.strictEqual(property(error.cause, "message"), "deeper")
      assert.match(error.stack ?? "", new RegExp(`laws\\.${kind}`))
      assert.match(error.stack ?? "", /the caller of the task[\s\S]*callHere/)
    }).pipe(Effect.scoped),
  )

  it.live("process.exit fails what had started; what had not runs elsewhere, once", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind, { size: 1 })
      const counter = SharedCounter.make()
      const open = SharedCounter.make()
      // One runs, and the next two stand ready behind it, in the same message.
      const first = yield* Effect.forkChild(tasks.Block({ counter, open }))
      yield* reached(counter, 1)
      const exits = yield* Effect.forkChild(Effect.flip(tasks.Exit({ code: 7 })))
      const later = yield* Effect.forEach([1, 2, 3], (a) =>
        Effect.forkChild(tasks.Add({ a, b: 1 })),
      )
      yield* Effect.yieldNow
      SharedCounter.increment(open)
      yield* Fiber.join(first)
      const { reason } = yield* Fiber.join(exits)
      assert.deepInclude(reason, { _tag: "ThreadExited", task: "Exit", exitCode: 7 })
      assert.deepStrictEqual(yield* Fiber.joinAll(later), [2, 3, 4])
      const { completed, lost, pending, started } = yield* stats
      assert.deepStrictEqual(
        { completed, lost, pending, started },
        { completed: 5, lost: 1, pending: 0, started: 2 },
      )
    }).pipe(Effect.scoped),
  )

  it.live("tasks that ended before the thread died have their results", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      // Known to be short, so that their results may wait for the end of the batch.
      yield* Effect.forEach(Array.from({ length: 100 }), () => tasks.Add({ a: 0, b: 0 }), {
        concurrency: "unbounded",
      })
      const calls = [1, 2, 3].map((a) => Effect.exit(Effect.asVoid(tasks.Add({ a, b: 0 }))))
      const exits = yield* Effect.all([...calls, Effect.exit(tasks.Exit({ code: 0 }))], {
        concurrency: "unbounded",
      })
      assert.deepStrictEqual(
        exits.map((exit) => Exit.isSuccess(exit)),
        [true, true, true, false],
      )
    }).pipe(Effect.scoped),
  )

  it.live("an uncaught error fails the task with that error as its cause", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const error = yield* Effect.flip(tasks.ThrowLater())
      assert.match(
        error.message,
        /^thread \d+ exited with code 1 while it ran ThrowLater: uncaught$/,
      )
      assert.strictEqual(yield* tasks.Add({ a: 1, b: 1 }), 2)
    }).pipe(Effect.scoped),
  )

  it.live("running out of memory fails the task, and the process goes on", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind, {
        resourceLimits: { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 8 },
      })
      const { reason } = yield* Effect.flip(tasks.Exhaust())
      assert.strictEqual(reason._tag, "ThreadExited")
      assert.match(reason.message, /memory/)
      assert.strictEqual(yield* tasks.Add({ a: 1, b: 1 }), 2)
    }).pipe(Effect.scoped),
  )

  it.live("a result or a payload that cannot be copied fails its own task only", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const exits = yield* Effect.all(
        [
          tasks.Add({ a: 1, b: 1 }),
          Effect.flip(tasks.Unsendable()),
          Effect.flip(tasks.Echo({ value: () => 1 })),
          tasks.Echo({ value: "after" }),
        ],
        { concurrency: "unbounded" },
      )
      const [sum, unsendable, echo, after] = exits
      assert.strictEqual(sum, 2)
      assert.match(
        unsendable.message,
        /^the result of Unsendable was refused: .*could not be cloned/,
      )
      assert.match(echo.message, /^the payload of Echo was refused: .*could not be cloned/)
      assert.strictEqual(after, "after")
    }).pipe(Effect.scoped),
  )

  it.live("a payload that does not fit fails before it leaves", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind)
      const { reason } = yield* Effect.flip(tasks.Add({ a: 0.5, b: 1 }))
      assert.strictEqual(reason._tag, "InvalidPayload")
      assert.match(reason.message, /Add was refused: .*"a"/s)
      assert.strictEqual((yield* stats).completed, 0)
    }).pipe(Effect.scoped),
  )

  it.live("a thread that dies while it is idle is replaced, and nobody notices", () =>
    Effect.gen(function* () {
      const pool = yield* makePool(kind)
      const counter = SharedCounter.make()
      yield* pool.tasks.CountLater({ counter, millis: 5 })
      yield* reached(counter, 1)
      assert.strictEqual(yield* pool.tasks.Add({ a: 1, b: 1 }), 2)
      yield* until(pool, "the pool is idle", ({ pending }) => pending === 0)
    }).pipe(Effect.scoped),
  )
})
