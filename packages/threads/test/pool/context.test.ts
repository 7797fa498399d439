/** What comes along with a task: the caller's span, and values of its context. Pools in threads. */
import { assert, describe, it } from "@effect/vitest"
import { Pool } from "@manycore/threads"
import { Effect, Stream } from "effect"

import { Contexts, Limit, Limits, Tenant } from "../fixtures/Contexts.ts"
import { type Kind, kinds } from "./pools.ts"

const makePool = (kind: Kind) =>
  Pool.make(Contexts, {
    entry: new URL(`../fixtures/contexts.${kind}.ts`, import.meta.url),
    size: 1,
    closeTimeout: "1 minute",
  })

const limits = new Limits({ most: 2n ** 70n, until: new Date(5) })

const provided = <A, E>(effect: Effect.Effect<A, E>) =>
  effect.pipe(Effect.provideService(Tenant, "acme"), Effect.provideService(Limit, limits))

describe.each(kinds)("the context of tasks (%s entry)", (kind) => {
  it.live("the task's span is a child of its caller's", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const [found, caller] = yield* Effect.all([tasks.Trace(), Effect.currentSpan]).pipe(
        Effect.withSpan("caller"),
      )
      assert.deepStrictEqual(found, {
        traceId: caller.traceId,
        parentId: caller.spanId,
        name: "Thread.Trace",
      })
      assert.isUndefined(yield* tasks.Trace())
    }).pipe(Effect.scoped),
  )

  it.live("what the contract carries arrives, of its type; what nobody provides does not", () =>
    Effect.gen(function* () {
      const { broadcast, tasks } = yield* makePool(kind)
      const nothing = { tenant: "nobody", isLimits: false, most: 0n }
      const both = { tenant: "acme", isLimits: true, most: 2n ** 70n }
      assert.deepStrictEqual(yield* tasks.Find(), nothing)
      assert.deepStrictEqual(yield* provided(tasks.Find()), both)
      assert.deepStrictEqual(yield* provided(broadcast.Find()), [both])
      assert.deepStrictEqual(yield* provided(Stream.runCollect(tasks.FindInStream())), [both])
      assert.deepStrictEqual(yield* tasks.Find(), nothing)
    }).pipe(Effect.scoped),
  )

  it.live("tasks of many callers have their own callers' values", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool(kind)
      const names = Array.from({ length: 300 }, (_, i) => `tenant ${i}`)
      const found = yield* Effect.forEach(
        names,
        (name) => Effect.provideService(tasks.Find(), Tenant, name),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(
        found.map(({ tenant }) => tenant),
        names,
      )
    }).pipe(Effect.scoped),
  )

  it.live("a value that does not fit fails the task, by its name", () =>
    Effect.gen(function* () {
      const { stats, tasks } = yield* makePool(kind)
      const { message } = yield* tasks.Find().pipe(
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a program without types does
        Effect.provideService(Tenant, 5 as never),
        Effect.flip,
      )
      assert.match(
        message,
        /^the payload of Find was refused: tenant, which is carried along, does not fit: /,
      )
      assert.deepInclude(yield* stats, { completed: 0, pending: 0 })
    }).pipe(Effect.scoped),
  )

  it.live("a thread may have a pool of its own, which goes with it", () =>
    Effect.gen(function* () {
      const began = performance.now()
      const stats = yield* Effect.gen(function* () {
        const pool = yield* makePool(kind)
        assert.strictEqual(yield* pool.tasks.Nested({ n: 100 }), 5050)
        return pool.stats
      }).pipe(Effect.scoped)
      assert.deepStrictEqual((yield* stats).threads, [])
      // Its idle pool did not hold the thread until `closeTimeout`.
      assert.isBelow(performance.now() - began, 50_000)
    }),
  )
})

describe("the context of tasks", () => {
  it.live("a bare task says how far it is, and a caller that cannot hear it gets its result", () =>
    Effect.gen(function* () {
      const { tasks } = yield* makePool("bare")
      const heard: Array<unknown> = []
      const onProgress = (value: unknown) => heard.push(value)
      assert.strictEqual(yield* tasks.Count({ to: 3 }, { onProgress }), 3)
      assert.deepStrictEqual(heard, [1, 2, 3])
      assert.strictEqual(yield* tasks.Count({ to: 3 }), 3)
    }).pipe(Effect.scoped),
  )
})
