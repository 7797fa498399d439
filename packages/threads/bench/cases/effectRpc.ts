/** Effect's own worker pool. */
import { Worker } from "node:worker_threads"

import * as NodeWorker from "@effect/platform-node/NodeWorker"
import type { Case } from "@manycore/bench"
import { Effect, Exit, Layer, Scope } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import type { Pass, Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"
import { Tasks } from "../Tasks.ts"
import type { Task } from "../work.ts"

const begin: Start = async ({ movesBack = false, threads }) => {
  const scope = Scope.makeUnsafe()
  const protocol = RpcClient.layerProtocolWorker({ size: threads }).pipe(
    Layer.provide(
      NodeWorker.layer(() => new Worker(new URL("../entries/effectRpc.ts", import.meta.url))),
    ),
  )
  const services = await Effect.runPromise(Layer.buildWithScope(protocol, scope))
  const client = await Effect.runPromise(
    RpcClient.make(Tasks).pipe(Effect.provideContext(services), Scope.provide(scope)),
  )
  const call = (task: Task, payload: unknown): Effect.Effect<unknown, unknown> => {
    if (task === "empty") return client.empty()
    if (task === "mix") return client.mix(Number(payload))
    if (task === "spin") return client.spin()
    if (!(payload instanceof Uint8Array)) throw new Error("touch takes bytes")
    return movesBack ? client.move(payload) : client.touch(payload)
  }
  return {
    run: (task, payload) => Effect.runPromise(call(task, payload)),
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

const entry: Case.Make = makeCase(begin)

export default entry
