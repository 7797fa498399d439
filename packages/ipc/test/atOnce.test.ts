import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"

import { atOnceInTurn } from "../src/internal/atOnce.ts"

describe("atOnceInTurn", () => {
  it.effect("runs one after the other, in order, at once while none waits", () =>
    Effect.gen(function* () {
      const run = yield* atOnceInTurn
      const done: Array<number> = []
      const gate = yield* Deferred.make<void>()
      const note = (n: number) => Effect.sync(() => done.push(n))
      run(note(1))
      assert.deepStrictEqual(done, [1])
      run(Effect.andThen(Deferred.await(gate), note(2)))
      run(note(3))
      assert.deepStrictEqual(done, [1])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.yieldNow
      assert.deepStrictEqual(done, [1, 2, 3])
    }).pipe(Effect.scoped),
  )

  it.effect("what is asked for meanwhile follows at once, and does not wait for the next one", () =>
    Effect.gen(function* () {
      const run = yield* atOnceInTurn
      const done: Array<string> = []
      run(
        Effect.sync(() => {
          run(Effect.sync(() => done.push("meanwhile")))
          done.push("first")
        }),
      )
      assert.deepStrictEqual(done, ["first", "meanwhile"])
    }).pipe(Effect.scoped),
  )
})
