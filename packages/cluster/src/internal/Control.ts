/**
 * What primary and worker say to each other, beside what node:cluster says by itself.
 */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

import * as Worker from "../Worker.ts"

/** No port can be taken on the host that the worker asked for; the message is one sentence. */
export class NoFreePort extends Schema.TaggedError<NoFreePort>()("NoFreePort", {
  message: Schema.String,
}) {}

/** Served by the primary, called by a worker. */
export class PrimaryRpcs extends RpcGroup.make(
  /** The worker serves `WorkerRpcs`. It learns how long, in ms, its shutdown may take. */
  Rpc.make("Hello", { success: Schema.Struct({ drainTimeout: Schema.Finite }) }),
  /** The worker cannot start, and why in one sentence; it exits next. */
  Rpc.make("CannotStart", { payload: { message: Schema.String } }),
  /** The port that stands for port 0 on this host: the same for every worker, for good. */
  Rpc.make("FreePort", {
    payload: { host: Schema.optional(Schema.String) },
    success: Schema.Int,
    error: NoFreePort,
  }),
  Rpc.make("Workers", { success: Schema.Array(Worker.Snapshot) }),
) {}

/** Served by a worker, called by the primary. */
export class WorkerRpcs extends RpcGroup.make(
  /** Take no new connections, finish what there is, exit. Answers at once. */
  Rpc.make("Drain"),
  Rpc.make("Stats", { success: Schema.Struct({ requests: Schema.Int }) }),
) {}

/** Names of the two conversations on the channel. */
export const toPrimary = { name: "@manycore/cluster:primary" }
export const toWorker = { name: "@manycore/cluster:worker" }
