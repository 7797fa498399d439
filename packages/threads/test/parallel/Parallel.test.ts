import { setImmediate } from "node:timers/promises"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Parallel } from "@manycore/threads"
import { Deferred, Effect, Fiber, Schema, Stream } from "effect"

const doubled = (chunk: ReadonlyArray<number>) => Effect.sync(() => chunk.map((n) => n * 2))

/** Later chunks may end before earlier ones. Answers each item with its place. */
const delayed = (chunk: ReadonlyArray<number>, start: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < (start * 7) % 5; i++) yield* Effect.yieldNow
    return chunk.map((n, i) => [n, start + i])
  })

const joined = (chunk: ReadonlyArray<string>) => Effect.succeed(chunk.join(""))

const none = () => Effect.succeed(new Array<number>())

const generated = async function* (items: ReadonlyArray<number>) {
  for (const item of items) yield item
}

/** A source that counts what is taken from it, and knows whether it was closed. */
const counting = (end: number) => {
  const seen = { taken: 0, closed: 0 }
  const items = {
    *[Symbol.iterator]() {
      try {
        while (seen.taken < end) yield seen.taken++
      } finally {
        seen.closed++
      }
    },
  }
  return { seen, items }
}

class Bad extends Schema.TaggedError<Bad>()("Bad", { start: Schema.Int }) {}

describe("Parallel", () => {
  it.effect.prop(
    "results come in the order of the items, whatever the chunks, lanes and delays",
    [
      Schema.Array(Schema.Int),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })),
    ],
    ([items, concurrency, chunkSize]) =>
      Effect.gen(function* () {
        const results = yield* Parallel.map(items, delayed, { concurrency, chunkSize })
        assert.deepStrictEqual(
          results,
          items.map((n, i) => [n, i]),
        )
      }),
  )

  it.live("takes arrays, sets, iterators, generators and async ones; empty and single too", () =>
    Effect.gen(function* () {
      for (const items of [[], [1], [1, 2, 3, 4, 5]]) {
        const expected = items.map((n) => n * 2)
        for (const source of [items, new Set(items), items.values(), generated(items)]) {
          assert.deepStrictEqual(yield* Parallel.map(source, doubled), expected)
        }
      }
      assert.strictEqual(
        yield* Parallel.reduce(
          new Array<number>(),
          () => Effect.succeed(1),
          5,
          (a, b) => a + b,
        ),
        5,
      )
      yield* Parallel.forEach(new Set<number>(), () => Effect.die("no items, no task"))
    }),
  )

  it.live("reduces in order", () =>
    Effect.gen(function* () {
      const letters = Array.from("the quick brown fox")
      const text = yield* Parallel.reduce(letters, joined, "", (a, b) => a + b, { chunkSize: 2 })
      assert.strictEqual(text, "the quick brown fox")
    }),
  )

  it.live("parts of shared memory are that memory; other typed arrays are copied in parts", () =>
    Effect.gen(function* () {
      const shared = new Float64Array(new SharedArrayBuffer(8 * 1000))
      yield* Parallel.forEach(shared, (chunk, start) =>
        Effect.sync(() => {
          assert.strictEqual(chunk.buffer, shared.buffer)
          for (let i = 0; i < chunk.length; i++) chunk[i] = start + i
        }),
      )
      assert.deepStrictEqual(Array.from(shared), [...shared.keys()])
      const own = Uint8Array.of(1, 2, 3)
      const sums = yield* Parallel.map(own, (chunk) => {
        assert.strictEqual(chunk.buffer.byteLength, chunk.length)
        return Effect.succeed(chunk.map((n) => n + 1))
      })
      assert.deepStrictEqual(sums, [2, 3, 4])
    }),
  )

  it.live("never more tasks than lanes run at once", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const task = () =>
        Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* Effect.sleep(1)
          running--
        })
      yield* Parallel.forEach(counting(50).items, task, { concurrency: 3, chunkSize: 1 })
      assert.strictEqual(most, 3)
    }),
  )

  it.live("an endless source is taken only as fast as results are read", () =>
    Effect.gen(function* () {
      const { items, seen } = counting(Number.POSITIVE_INFINITY)
      const options = { concurrency: 2, chunkSize: 5 }
      const first = yield* Parallel.stream(items, doubled, options).pipe(
        Stream.take(20),
        Stream.runCollect,
      )
      assert.deepStrictEqual(
        first,
        Array.from({ length: 20 }, (_, i) => i * 2),
      )
      // Four chunks were read; some more were under way.
      assert.isAtMost(seen.taken, 20 + 5 * 10)
      assert.strictEqual(seen.closed, 1)
    }),
  )

  it.live("a slow task holds back an endless source", () =>
    Effect.gen(function* () {
      const { items, seen } = counting(Number.POSITIVE_INFINITY)
      const gate = yield* Deferred.make<void>()
      const task = () => Deferred.await(gate)
      const options = { concurrency: 2, chunkSize: 1 }
      const all = yield* Effect.forkChild(Parallel.forEach(items, task, options))
      yield* Condition.until("two run", () => seen.taken >= 2)
      for (let turn = 0; turn < 50; turn++) yield* Effect.promise(() => setImmediate())
      assert.isAtMost(seen.taken, 6)
      yield* Fiber.interrupt(all)
      assert.strictEqual(seen.closed, 1)
    }),
  )

  it.live("the first failure interrupts the others, closes the source and takes no more", () =>
    Effect.gen(function* () {
      const { items, seen } = counting(1000)
      let interrupted = 0
      const task = (_: ReadonlyArray<number>, start: number) =>
        start === 2
          ? Effect.fail(new Bad({ start }))
          : Effect.onInterrupt(Effect.never, () =>
              Effect.sync(() => {
                interrupted++
              }),
            )
      const options = { concurrency: 3, chunkSize: 1 }
      const error = yield* Effect.flip(Parallel.map(items, task, options))
      assert.instanceOf(error, Bad)
      assert.strictEqual(interrupted, 2)
      assert.isAtMost(seen.taken, 8)
      assert.strictEqual(seen.closed, 1)
    }),
  )

  it.live("a source that throws is a typed failure, after the chunks before it", () =>
    Effect.gen(function* () {
      const ran: Array<number> = []
      const task = (chunk: ReadonlyArray<number>) => Effect.sync(() => ran.push(...chunk))
      const sources = [
        (function* () {
          yield 1
          yield 2
          throw new Error("no more")
        })(),
        (async function* () {
          yield 1
          yield 2
          throw new Error("no more")
        })(),
      ]
      for (const source of sources) {
        const error = yield* Effect.flip(Parallel.forEach(source, task, { chunkSize: 1 }))
        assert.strictEqual(error.message, "the source of the items failed: no more")
      }
      assert.deepStrictEqual(ran, [1, 2, 1, 2])
    }),
  )

  it.live("items of an async source that come slowly do not wait for a full chunk", () =>
    Effect.gen(function* () {
      const gate = Promise.withResolvers<void>()
      const ran: Array<ReadonlyArray<number>> = []
      const source = (async function* () {
        yield 1
        await gate.promise
        yield 2
      })()
      const task = (chunk: ReadonlyArray<number>) => Effect.sync(() => ran.push(chunk))
      const all = yield* Effect.forkChild(Parallel.forEach(source, task, { chunkSize: 100 }))
      yield* Condition.until("the first ran alone", () => ran.length === 1)
      gate.resolve()
      yield* Fiber.join(all)
      assert.deepStrictEqual(ran, [[1], [2]])
    }),
  )

  it.live("an async source that never answers does not hold up an interruption", () =>
    Effect.gen(function* () {
      let asked = 0
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            asked++
            return new Promise(() => {})
          },
          return: () => new Promise(() => {}),
        }),
      }
      const all = yield* Effect.forkChild(Parallel.map(source, doubled))
      yield* Condition.until("it was asked", () => asked === 1)
      yield* Effect.timeout(Fiber.interrupt(all), "5 seconds")
    }),
  )

  it.effect("too few results, and options that make no sense, are typed failures", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Parallel.map([1, 2], none, { chunkSize: 2 }))
      assert.strictEqual(
        error.message,
        "the chunk from item 0 on has 2 items, but its task answered 0 results",
      )
      for (const options of [{ concurrency: 0 }, { chunkSize: 0.5 }]) {
        const error = yield* Effect.flip(Parallel.map([1], doubled, options))
        assert.match(error.message, /must be a whole number from 1/)
      }
    }),
  )
})
