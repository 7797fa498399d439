import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Effect, Layer } from "effect"
import * as RpcServer from "effect/rpc/RpcServer"

import { Tasks } from "../Tasks.ts"
import { mix, spin, touch } from "../work.ts"

RpcServer.layer(Tasks).pipe(
  Layer.provide(
    Tasks.toLayer({
      empty: () => Effect.void,
      mix: (seed) => Effect.sync(() => mix(seed)),
      spin: () => Effect.sync(spin),
      touch: (bytes) => Effect.sync(() => touch(bytes)),
      move: (bytes) => Effect.sync(() => touch(bytes)),
    }),
  ),
  Layer.provide(RpcServer.layerProtocolWorkerRunner),
  Layer.provide(NodeWorkerRunner.layer),
  Layer.launch,
  Effect.runFork,
)
