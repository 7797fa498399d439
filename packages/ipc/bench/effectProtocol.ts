/** Effect's own rpc protocol to one worker, which runs this file. */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Layer } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import type { Work } from "./work.ts"

export const effectProtocol = ({ inFlight, peer }: Work, file: URL) =>
  RpcClient.layerProtocolWorker({ size: 1, concurrency: inFlight }).pipe(
    Layer.provide(
      NodeWorker.layer(() =>
        peer === "process"
          ? fork(fileURLToPath(file), { serialization: "advanced" })
          : new Worker(file),
      ),
    ),
  )
