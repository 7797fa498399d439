/** Law 7: bytes are never text, what moves moves, what is shared is shared. Law 8: idle threads live. */
import { assert, describe, it } from "@effect/vitest"
import { SharedCounter } from "@manycore/threads"
import { Effect, Stream } from "effect"

import { Refused } from "../fixtures/Laws.ts"
import { kinds, makePool, reached } from "./pools.ts"

describe.each(kinds)("values of tasks (%s entry)", (kind) => {
  it.live("native values arrive as what they are", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const value = {
        date: new Date(5),
        big: 2n ** 70n,
        map: new Map([["a", new Set([1, 2])]]),
        floats: new Float64Array([0.5, Number.NaN]),
        bytes: new Uint8Array([1, 2, 3]),
        nothing: undefined,
        zero: -0,
        sparse: [undefined, null],
        error: new RangeError("kept"),
      }
      assert.deepStrictEqual(yield* tasks.Echo({ value }), value)
      for (const one of [null, undefined, 0, "", false, Number.NaN, -0, 3n]) {
        assert.deepStrictEqual(yield* tasks.Echo({ value: one }), one)
      }
    }).pipe(Effect.scoped),
  )

  it.live("tasks of one batch do not share what they were sent", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const bytes = new Uint8Array([1, 2, 3])
      const sums = yield* Effect.forEach([1, 2, 3, 4, 5], () => tasks.Bump({ bytes }), {
        concurrency: "unbounded",
      })
      assert.deepStrictEqual(sums, [9, 9, 9, 9, 9])
      assert.deepStrictEqual(bytes, new Uint8Array([1, 2, 3]))
    }).pipe(Effect.scoped),
  )

  it.live("what the contract declares to move, moves in both directions", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const bytes = new Uint8Array(1024).fill(7)
      const back = yield* tasks.Move({ bytes })
      assert.strictEqual(bytes.byteLength, 0)
      assert.strictEqual(back.byteLength, 1024)
      assert.strictEqual(back[1023], 7)
    }).pipe(Effect.scoped),
  )

  it.live("what a call says moves, moves; without a word it is copied", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const bytes = new Uint8Array([1])
      assert.strictEqual(yield* tasks.Bump({ bytes }), 2)
      assert.strictEqual(bytes.byteLength, 1)
      assert.strictEqual(yield* tasks.Bump({ bytes }, { transfer: [bytes.buffer] }), 2)
      assert.strictEqual(bytes.byteLength, 0)
    }).pipe(Effect.scoped),
  )

  it.live("bytes over shared memory cross by reference", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const bytes = new Uint8Array(new SharedArrayBuffer(3))
      yield* tasks.Bump({ bytes })
      yield* tasks.Bump({ bytes })
      assert.deepStrictEqual([...bytes], [2, 2, 2])
    }).pipe(Effect.scoped),
  )

  it.live("a stream arrives whole and in order; its error ends it", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      const all = yield* Stream.runCollect(tasks.Numbers({ counter, to: 3000 }))
      assert.deepStrictEqual(
        all,
        Array.from({ length: 3000 }, (_, i) => i + 1),
      )
      let last = 0
      const error = yield* tasks.Numbers({ counter, to: 20_000 }).pipe(
        Stream.runForEach((n) => Effect.sync(() => (last = n))),
        Effect.flip,
      )
      assert.instanceOf(error, Refused)
      assert.isAtLeast(last, 12_992)
    }).pipe(Effect.scoped),
  )

  it.live("a reader that sleeps stops the writer", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      yield* tasks.Numbers({ counter, to: 12_000 }).pipe(
        Stream.take(1),
        Stream.runForEach(() =>
          Effect.gen(function* () {
            // It is at rest when nothing more is made for a while.
            let before = -1
            while (before !== SharedCounter.get(counter)) {
              before = SharedCounter.get(counter)
              yield* Effect.sleep("100 millis")
            }
            assert.isBelow(before, 12_000)
          }),
        ),
      )
    }).pipe(Effect.scoped),
  )

  it.live("timers that a task has left go on while the thread is idle", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const counter = SharedCounter.make()
      yield* tasks.CountLater({ counter, millis: 30 })
      yield* reached(counter, 1)
    }).pipe(Effect.scoped),
  )
})
