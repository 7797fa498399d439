import { Worker } from "node:worker_threads"

import { type Channel, type IpcError, PortChannel, ProcessChannel } from "@manycore/ipc"
import { Effect, type Scope } from "effect"

const thread = (file: URL) =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(file)),
    (worker) => Effect.promise(() => worker.terminate()),
  ).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker)))

/** A channel to a peer that runs this file. */
export const open = (
  peer: "process" | "thread",
  file: URL,
): Effect.Effect<Channel.Channel, IpcError.IpcError, Scope.Scope> =>
  peer === "process" ? ProcessChannel.fork(file) : thread(file)
