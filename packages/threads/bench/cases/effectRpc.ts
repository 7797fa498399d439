/** Effect's own worker pool. */
import { Worker } from "node:worker_threads"

import * as NodeWorker from "@effect/platform-node/NodeWorker"
import type { Case } from "@manycore/bench"
import { Effect, Layer, Scope } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"
import { Tasks } from "../Tasks.ts"
import { effectRunner } from "./effectRunner.ts"

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
  return effectRunner(scope, client, movesBack)
}

const entry: Case.Make = makeCase(begin)

export default entry
