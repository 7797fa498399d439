/** Effect's own rpc to a worker: the same contract and handlers, its protocol and its JSON codec. */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import * as NodeWorker from "@effect/platform-node/NodeWorker"
import type { Case } from "@manycore/bench"
import { Effect, Layer } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import { clientCase } from "../clientCase.ts"
import { Contract } from "../Contract.ts"
import { type Work, workOf } from "../work.ts"

const file = new URL("../peers/effect.ts", import.meta.url)

const protocol = ({ inFlight, peer }: Work) =>
  RpcClient.layerProtocolWorker({ size: 1, concurrency: inFlight }).pipe(
    Layer.provide(
      NodeWorker.layer(() =>
        peer === "process"
          ? fork(fileURLToPath(file), { serialization: "advanced" })
          : new Worker(file),
      ),
    ),
  )

const entry: Case.Make = (context: Case.Context) =>
  Effect.gen(function* () {
    const work = workOf(context)
    const services = yield* Layer.build(protocol(work))
    return clientCase(work, yield* Effect.provide(RpcClient.make(Contract), services))
  })

export default entry
