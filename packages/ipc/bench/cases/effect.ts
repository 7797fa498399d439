/** Effect's own rpc to a worker: the same contract and handlers, its protocol and its JSON codec. */
import type { Case } from "@manycore/bench"
import { Effect, Layer } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import { clientCase } from "../clientCase.ts"
import { Contract, GuardClient } from "../Contract.ts"
import { effectProtocol } from "../effectProtocol.ts"
import { workOf } from "../work.ts"

const file = new URL("../peers/effect.ts", import.meta.url)

const entry: Case.Make = (context: Case.Context) =>
  Effect.gen(function* () {
    const work = workOf(context)
    const services = yield* Layer.build(effectProtocol(work, file))
    const client = RpcClient.make(Contract).pipe(
      Effect.provide(GuardClient),
      Effect.provide(services),
    )
    return clientCase(work, yield* client)
  })

export default entry
