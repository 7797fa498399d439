/** The program that each worker process runs. */
import { ClusterWorker } from "@manycore/cluster"
import { Effect, Layer } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"

import { Counting } from "./Counting.ts"
import { Routes } from "./Routes.ts"
import * as Settings from "./Settings.ts"

Layer.unwrap(
  Effect.map(Settings.load, ({ host, port, workers }) =>
    HttpRouter.serve(Routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide([ClusterWorker.layerHttp({ host, port }), Counting.layer(workers)]),
    ),
  ),
).pipe(ClusterWorker.runMain)
