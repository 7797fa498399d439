/** Tasks that do what no task should, and callers that ask what nobody should: one outcome each. */
import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { createPool, type Pool, type PoolOptions } from "@manycore/threads/promise"

const filename = new URL("../fixtures/hostile.tasks.ts", import.meta.url)

const withPool = async (
  options: Omit<PoolOptions, "filename">,
  use: (pool: Pool) => Promise<void>,
): Promise<void> => {
  const pool = createPool({ filename, size: 1, ...options })
  try {
    await use(pool)
    assert.deepInclude(pool.stats(), { pending: 0, queued: 0, suspended: 0 })
  } finally {
    await pool.close()
  }
}

/** What it ended with, as text. */
const ended = (task: Promise<unknown>): Promise<string> =>
  task.then(
    (value) => `answered ${String(value)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

describe("hostile tasks", () => {
  it.each([
    ["answersSymbol", /^the result of answersSymbol was refused: Symbol\(answered\) could not be/],
    ["throwsGetter", /^thrown$/],
    ["throwsItself", /^around and around$/],
    ["throwsProxy", /trap|behind it/],
    ["throwsSymbol", /^Symbol\(thrown\)$/],
    ["answersBadThenable", /^no then$/],
    ["answersThrowingThenable", /^then threw$/],
    ["tellsFunction", /^the result of tellsFunction was refused: .* could not be cloned/],
    ["tellsFunctionAtOnce", /^the result of tellsFunctionAtOnce was refused: .* could not be/],
  ])("%s fails alone, and its thread goes on", (name, message) =>
    withPool({ concurrency: 3 }, async (pool) => {
      const beside = [pool.run(1, { name: "later" }), pool.run({ a: 1, b: 1 })]
      assert.match(await ended(pool.run(undefined, { name })), message)
      // Its slot is another task's now: none gets the answer of the one before.
      const after = [pool.run(2, { name: "later" }), pool.run(3, { name: "later" })]
      assert.deepStrictEqual(await Promise.all([...beside, ...after]), [1, 2, 2, 3])
      assert.deepInclude(pool.stats(), { lost: 0, started: 1 })
    }),
  )

  it("an error that holds itself arrives with the rest of what it holds", () =>
    withPool({}, async (pool) => {
      const error: unknown = await pool
        .run(undefined, { name: "throwsItself" })
        .catch((thrown: unknown) => thrown)
      assert.instanceOf(error, Error)
      const own = {
        cause: error.cause,
        self: Reflect.get(error, "self"),
        code: Reflect.get(error, "code"),
      }
      assert.deepStrictEqual(own, { cause: error.message, self: error.message, code: 7 })
    }))

  it("an exit inside an async task fails what had started there, and nothing else", () =>
    withPool({ size: 2, concurrency: 2 }, async (pool) => {
      const exits = ended(pool.run(undefined, { name: "exitsLater" }))
      const others = Array.from({ length: 50 }, (_, i) => ended(pool.run({ a: i, b: 0 })))
      assert.match(await exits, /^thread \d+ exited with code 5 while it ran exitsLater$/)
      assert.deepStrictEqual(
        await Promise.all(others),
        Array.from({ length: 50 }, (_, i) => `answered ${i}`),
      )
    }))

  it("a task that was told to end and then stops the loop costs its thread, whoever else is on it", () =>
    withPool({ concurrency: 2, grace: 30 }, async (pool) => {
      const cell = new SharedArrayBuffer(4)
      const controller = new AbortController()
      const sticks = ended(pool.run(cell, { name: "sticksLater", signal: controller.signal }))
      const sibling = ended(pool.run(undefined, { name: "waitsForEver" }))
      const seen = new Int32Array(cell)
      await Condition.untilPromise("it runs", () => Atomics.load(seen, 0) === 1)
      controller.abort(new Error("enough"))
      assert.strictEqual(await sticks, "enough")
      assert.match(await sibling, /^thread \d+ exited with code 1 while it ran waitsForEver$/)
      assert.strictEqual(Atomics.load(seen, 0), 2)
      assert.strictEqual(await pool.run({ a: 1, b: 1 }), 2)
    }))
})

const trap = () => {
  throw new Error("a trap")
}

describe("hostile callers", () => {
  it("payloads that cannot be read fail their own tasks", () =>
    withPool({}, async (pool) => {
      const payloads = [
        Object.defineProperty({}, "a", { enumerable: true, get: trap }),
        new Proxy({}, { ownKeys: trap }),
        () => 1,
        Symbol("payload"),
        Promise.resolve(),
      ]
      const outcomes = payloads.map((payload) => ended(pool.run(payload)))
      const fine = pool.run({ a: 1, b: 1 })
      for (const outcome of await Promise.all(outcomes)) {
        assert.match(outcome, /^the payload of default was refused: /)
      }
      assert.strictEqual(await fine, 2)
    }))

  it("options of a call that make no sense are errors that name them", () =>
    withPool({}, async (pool) => {
      const bad = async (options: object) => ended(pool.run({ a: 1, b: 1 }, options))
      assert.strictEqual(
        await bad({ priority: Number.NaN }),
        "priority is NaN, but must be a finite number",
      )
      assert.strictEqual(
        await bad({ priority: Number.NEGATIVE_INFINITY }),
        "priority is -Infinity, but must be a finite number",
      )
      assert.strictEqual(await bad({ name: 0 }), "name is 0, but must be the name of a function")
      assert.strictEqual(await bad({ filename: 7 }), "filename is 7, but must be a path or a URL")
      assert.match(await bad({ transferList: [7] }), /^the payload of default was refused: /)
    }))

  it("what a listener throws is uncaught, and no task notices", async () => {
    const uncaught: Array<unknown> = []
    const hear = (error: unknown) => uncaught.push(error)
    const before = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.on("uncaughtException", hear)
    try {
      await withPool({ queue: { capacity: 1 } }, async (pool) => {
        pool.on("drain", trap)
        const counted = Array.from({ length: 10 }, (_, i) =>
          pool.run(i + 1, { name: "counts", onProgress: trap }),
        )
        assert.deepStrictEqual(
          await Promise.all(counted),
          Array.from({ length: 10 }, (_, i) => i + 1),
        )
        await Condition.untilPromise("all of them", () => uncaught.length >= 56)
      })
    } finally {
      process.off("uncaughtException", hear)
      for (const listener of before) process.on("uncaughtException", listener)
    }
  })

  it("a scheduling function that throws fails its tasks, and the pool lives", () =>
    withPool(
      {
        scheduling: (_, task) => {
          if (task === "counts") throw new Error("no idea")
          return 7
        },
      },
      async (pool) => {
        const outcomes = await Promise.all([
          ended(pool.run(1, { name: "counts" })),
          ended(pool.run({ a: 1, b: 1 })),
          ended(pool.run(1, { name: "counts" })),
        ])
        const expected =
          "scheduling is Error: no idea, but must be a function that answers an index"
        assert.deepStrictEqual(outcomes, [
          `${expected} and does not throw`,
          "answered 2",
          `${expected} and does not throw`,
        ])
      },
    ))

  it("a queue without room hands tasks from their callers to threads, one by one", () =>
    withPool({ queue: { capacity: 0 } }, async (pool) => {
      const all = Array.from({ length: 8 }, (_, i) => pool.run(i, { name: "later" }))
      assert.deepStrictEqual(await Promise.all(all), [0, 1, 2, 3, 4, 5, 6, 7])
    }))

  it("destroy ends at once what close would wait for", async () => {
    const pool = createPool({ filename, size: 1 })
    const waiting = ended(pool.run(undefined, { name: "waitsForEver" }))
    await Condition.untilPromise("it runs", () => pool.stats().threads[0]?.held === 1)
    const closed = pool.close()
    const began = performance.now()
    await Promise.all([pool.destroy(), closed])
    // `close` alone would take five seconds.
    assert.isBelow(performance.now() - began, 4000)
    assert.strictEqual(await waiting, "the pool closed before waitsForEver had an outcome")
    assert.deepStrictEqual(pool.stats().threads, [])
  })
})
