/** The tasks of the contract as Effects, ours or those of Effect's own pool, in the bench's terms. */
import { Effect, Exit, Scope } from "effect"

import type { Runner } from "../Competitor.ts"
import type { Task } from "../work.ts"

type Call<A> = (payload: A) => Effect.Effect<unknown, unknown>

interface Calls {
  readonly empty: () => Effect.Effect<unknown, unknown>
  readonly mix: Call<number>
  readonly touch: Call<Uint8Array>
  readonly move: Call<Uint8Array>
  readonly spin: () => Effect.Effect<unknown, unknown>
}

/** @param around what all lanes together are wrapped in */
export const effectRunner = (
  scope: Scope.Closeable,
  calls: Calls,
  movesBack: boolean,
  around: (lanes: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown> = (lanes) =>
    lanes,
): Runner => {
  const call = (task: Task, payload: unknown): Effect.Effect<unknown, unknown> => {
    if (task === "empty") return calls.empty()
    if (task === "mix") return calls.mix(Number(payload))
    if (task === "spin") return calls.spin()
    if (!(payload instanceof Uint8Array)) throw new Error("touch takes bytes")
    return movesBack ? calls.move(payload) : calls.touch(payload)
  }
  return {
    run: (task, payload, options) =>
      Effect.runPromise(
        call(task, payload),
        options?.signal === undefined ? undefined : { signal: options.signal },
      ),
    lanes: ({ ended, inFlight, next, task }) => {
      const lane = Effect.gen(function* () {
        for (let seed = next(); seed !== undefined; seed = next()) {
          ended(seed, yield* call(task, seed))
        }
      })
      const all = Array.from({ length: inFlight }, () => lane)
      return Effect.runPromise(around(Effect.all(all, { concurrency: "unbounded", discard: true })))
    },
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
