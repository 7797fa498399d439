import { runInThisContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Parallel, SharedCounter, Threads } from "@manycore/threads"
import { Effect, Fiber } from "effect"

/** Both must be there before either goes on. Answers the thread. */
const meet = (counter: SharedArrayBuffer) => {
  const cell = new BigInt64Array(counter)
  Atomics.add(cell, 0, 1n)
  while (Atomics.load(cell, 0) < 2n);
  return process.getBuiltinModule("node:worker_threads").threadId
}

describe("Threads", () => {
  it.live("runs a function in a thread of its own", () =>
    Effect.gen(function* () {
      const sum = yield* Threads.run((n) => {
        let sum = 0
        for (let i = 0; i < n; i++) sum += i
        return sum
      }, 1e6)
      assert.strictEqual(sum, 499_999_500_000)
    }),
  )

  it.live("keeps values what they are, both ways, and waits for promises", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 1 })
      const value = {
        map: new Map([[1n, new Date(5)]]),
        bytes: Uint8Array.of(1, 2),
        none: undefined,
      }
      assert.deepStrictEqual(yield* threads.run((value) => value, value), value)
      const late = threads.run(
        async (a: number, b: number) => {
          const { setTimeout } = await import("node:timers/promises")
          return setTimeout(5, a + b)
        },
        1,
        2,
      )
      assert.strictEqual(yield* late, 3)
      assert.isUndefined(yield* threads.run(() => {}))
    }).pipe(Effect.scoped),
  )

  it.live("functions run in parallel, on threads that stay", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 2 })
      const { buffer } = SharedCounter.make()
      const both = Effect.all([threads.run(meet, buffer), threads.run(meet, buffer)], {
        concurrency: 2,
      })
      const [a, b] = yield* both
      assert.notStrictEqual(a, b)
      assert.includeMembers([a, b], [yield* threads.run(meet, buffer)])
    }).pipe(Effect.scoped),
  )

  it.live("what it throws arrives as what it was", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 1 })
      const error = yield* Effect.flip(
        threads.run(function parse(text) {
          throw Object.assign(new RangeError(`no ${text}`, { cause: "why" }), { code: 7 })
        }, "number"),
      )
      assert.strictEqual(error.message, "the function parse threw: no number")
      assert(error.reason._tag === "FunctionThrew")
      const { cause } = error.reason
      assert.instanceOf(cause, RangeError)
      assert.propertyVal(cause, "code", 7)
      assert.propertyVal(cause, "cause", "why")
      assert.match(String(cause instanceof Error && cause.stack), /inline function/)
      const rejected = yield* Effect.flip(
        threads.run(async () => Promise.reject(new Error("later"))),
      )
      assert.match(rejected.message, /threw: later/)
      // The thread is as good as before.
      assert.strictEqual(yield* threads.run((n) => n, 1), 1)
    }).pipe(Effect.scoped),
  )

  it.live("a name that only running shows to be missing is a clear ReferenceError", () =>
    Effect.gen(function* () {
      Reflect.set(globalThis, "onlyHere", 1)
      const body: () => number = runInThisContext("() => onlyHere")
      const error = yield* Effect.flip(Threads.run(body)).pipe(
        Effect.ensuring(Effect.sync(() => Reflect.deleteProperty(globalThis, "onlyHere"))),
      )
      assert.strictEqual(error.message, "the function threw: onlyHere is not defined")
    }),
  )

  it.live("a closure is refused by the names it takes, before a thread is started", () =>
    Effect.gen(function* () {
      const factor = 2
      const error = yield* Effect.flip(Threads.run((n: number) => n * factor, 1))
      assert.deepInclude(error.reason, { _tag: "NotSelfContained", captured: ["factor"] })
    }),
  )

  it.live("an argument or a result that cannot be copied is a typed error", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 1 })
      const argument = yield* Effect.flip(
        threads.run(
          (f) => typeof f,
          () => 1,
        ),
      )
      assert.strictEqual(argument._tag, "ThreadsError")
      const result = yield* Effect.flip(threads.run(() => () => 1))
      assert.strictEqual(result._tag, "ThreadsError")
      assert.strictEqual(yield* threads.run((n) => n, 1), 1)
    }).pipe(Effect.scoped),
  )

  it.live("interrupting a function that loops for ever frees its thread", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 1 })
      const counter = SharedCounter.make()
      const spin = yield* Effect.forkChild(
        threads.run((buffer) => {
          Atomics.add(new BigInt64Array(buffer), 0, 1n)
          for (;;);
        }, counter.buffer),
      )
      yield* Condition.until("it spins", () => SharedCounter.get(counter) === 1)
      yield* Fiber.interrupt(spin)
      assert.strictEqual(yield* threads.run((n) => n + 1, 1), 2)
    }).pipe(Effect.scoped),
  )

  it.live("process.exit in a function is a typed error", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Threads.run(() => process.exit(3)))
      assert.deepInclude(error.reason, { _tag: "ThreadExited", exitCode: 3 })
    }),
  )

  it.live("each is the task of Parallel", () =>
    Effect.gen(function* () {
      const threads = yield* Threads.make({ size: 2 })
      const numbers = Array.from({ length: 5000 }, (_, i) => i)
      const squares = yield* Parallel.map(
        numbers,
        threads.each((n) => n * n),
        { concurrency: 2 },
      )
      assert.deepStrictEqual(
        squares,
        numbers.map((n) => n * n),
      )
      const odd = yield* Effect.flip(
        Parallel.map(
          numbers,
          threads.each((n) => {
            if (n === 4000) throw new Error("4000")
            return n
          }),
        ),
      )
      assert.match(odd.message, /threw: 4000/)
    }).pipe(Effect.scoped),
  )
})
