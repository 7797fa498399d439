/**
 * The worker's thread pool: started by the first request that needs it, so that a worker listens
 * early, and ended with the worker.
 */
import { availableParallelism } from "node:os"

import { Pool, type ThreadsError } from "@manycore/threads"
import { Context, Effect, Layer, Scope } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { Tasks } from "./Tasks.ts"

// "./tasks.thread.ts" next to a source file, "./tasks.thread.js" next to a built one.
const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./tasks.thread.ts" : "./tasks.thread.js",
  import.meta.url,
)

export class Counting extends Context.Service<
  Counting,
  Effect.Effect<Pool.Tasks<RpcGroup.Rpcs<typeof Tasks>>, ThreadsError.ThreadsError>
>()("demo/Counting") {
  /** @param workers processes that share the cores with this one */
  static readonly layer = (workers: number) =>
    Layer.effect(
      Counting,
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const size = Math.max(1, Math.floor(availableParallelism() / workers))
        const pool = Pool.make(Tasks, { entry, size, name: "count" })
        return yield* Effect.cached(
          pool.pipe(
            Scope.provide(scope),
            Effect.map(({ tasks }) => tasks),
          ),
        )
      }),
    )
}
