import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"
import { Ipc, PortChannel, ProcessChannel } from "@manycore/ipc"
import { Effect } from "effect"

import { clientCase } from "../clientCase.ts"
import { Contract } from "../Contract.ts"
import { workOf } from "../work.ts"

const file = new URL("../peers/manycore.ts", import.meta.url)

const thread = Effect.acquireRelease(
  Effect.sync(() => new Worker(file)),
  (worker) => Effect.promise(() => worker.terminate()),
).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker)))

const entry: Case.Make = (context: Case.Context) =>
  Effect.gen(function* () {
    const work = workOf(context)
    const channel = yield* work.peer === "process" ? ProcessChannel.fork(file) : thread
    return clientCase(work, yield* Ipc.client(Contract, channel))
  })

export default entry
