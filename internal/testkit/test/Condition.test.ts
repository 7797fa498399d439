import { assert, describe, expect, it } from "@effect/vitest"
import { Context, Effect } from "effect"

import { Condition } from "../src/index.ts"

class Answer extends Context.Service<Answer, number>()("test/Answer") {}

const after = <A>(times: number, value: A): (() => A | undefined) => {
  let asked = 0
  return () => (++asked > times ? value : undefined)
}

describe("Condition.until", () => {
  it.live("gives the first truthy value of a plain probe", () =>
    Effect.gen(function* () {
      const value = yield* Condition.until("the third answer", after(2, "here"))
      assert.strictEqual(value, "here")
    }),
  )

  it.effect("waits in real time under the test clock", () =>
    Effect.gen(function* () {
      const promised = after(2, 1)
      const number: number = yield* Condition.until("a promise", async () => promised())
      const effectful = after(2, { ready: true })
      const value = yield* Condition.until("an effect", () => Effect.sync(effectful))
      assert.deepStrictEqual([number, value.ready], [1, true])
    }),
  )

  it.live("hands on what the probe requires", () =>
    Condition.until("the service", () => Answer).pipe(
      Effect.map((value) => assert.strictEqual(value, 42)),
      Effect.provideService(Answer, 42),
    ),
  )

  it.live("takes an error of the probe for 'not yet'", () =>
    Effect.gen(function* () {
      let asked = 0
      const value = yield* Condition.until("no more errors", () => {
        asked++
        if (asked === 1) throw new Error("thrown")
        if (asked === 2) return Promise.reject(new Error("rejected"))
        return Promise.resolve(asked)
      })
      assert.strictEqual(value, 3)
    }),
  )

  it.live(
    "fails at the deadline with what was awaited, the time, the last answer and the state",
    () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          Condition.until("both workers are ready", () => false, {
            deadline: "30 millis",
            state: () => ({ workers: ["starting", "ready"] }),
          }),
        )
        assert.strictEqual(error._tag, "ConditionNotMet")
        assert.isAtLeast(error.waitedMillis, 30)
        assert.match(error.message, /not met after \d+ ms: both workers are ready/)
        assert.include(error.message, "last probe: answered false")
        assert.include(error.message, "workers: [ 'starting', 'ready' ]")
      }),
  )

  it.live("names the last error of the probe", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Condition.until("a reply", () => Effect.fail("connection refused"), {
          deadline: "20 millis",
        }),
      )
      assert.include(error.message, "last probe: failed with connection refused")
    }),
  )

  it.live("cuts a probe that never answers", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Condition.until("an answer", () => Effect.never, { deadline: "60 millis" }),
      )
      assert.include(error.message, "no answer of the probe within")
    }),
  )

  it.live("works where interruption is off", () =>
    Effect.gen(function* () {
      const error = yield* Condition.until("an answer", () => Effect.never, {
        deadline: "60 millis",
      }).pipe(Effect.uninterruptible, Effect.flip)
      assert.strictEqual(error.what, "an answer")
    }),
  )
})

describe("Condition.untilPromise", () => {
  it("resolves and rejects without Effect", async () => {
    expect(await Condition.untilPromise("the second answer", after(1, "here"))).toBe("here")
    await expect(
      Condition.untilPromise("never", () => undefined, { deadline: "20 millis" }),
    ).rejects.toThrow(/not met after \d+ ms: never/)
  })
})
