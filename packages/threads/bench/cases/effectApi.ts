/** Ours with Effects, over an entry of either kind. */
import { Pool } from "@manycore/threads"
import { Effect, Exit, Scope } from "effect"

import type { Pass, Start } from "../Competitor.ts"
import { Tasks } from "../Tasks.ts"
import type { Task } from "../work.ts"

export const begin =
  (entry: URL, spares = 0): Start =>
  async ({ movesBack = false, threads }) => {
    const scope = Scope.makeUnsafe()
    const { tasks } = await Effect.runPromise(
      Scope.provide(Pool.make(Tasks, { entry, size: threads, spares }), scope),
    )
    const call = (task: Task, payload: unknown): Effect.Effect<unknown, unknown> => {
      if (task === "empty") return tasks.empty()
      if (task === "mix") return tasks.mix(Number(payload))
      if (task === "spin") return tasks.spin()
      if (!(payload instanceof Uint8Array)) throw new Error("touch takes bytes")
      return movesBack ? tasks.move(payload) : tasks.touch(payload)
    }
    return {
      run: (task, payload, options) =>
        Effect.runPromise(
          call(task, payload),
          options?.signal === undefined ? undefined : { signal: options.signal },
        ),
      lanes: ({ ended, inFlight, next, task }: Pass) => {
        const lane = Effect.gen(function* () {
          for (let seed = next(); seed !== undefined; seed = next()) {
            ended(seed, yield* call(task, seed))
          }
        })
        const all = Array.from({ length: inFlight }, () => lane)
        return Effect.runPromise(Effect.all(all, { concurrency: "unbounded", discard: true }))
      },
      close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
    }
  }
