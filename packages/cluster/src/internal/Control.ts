/**
 * What a `ClusterWorker` asks its primary, beside what the preload says. On the same pipe.
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
  /** The port that stands for port 0 on this host: the same for every worker, for good. */
  Rpc.make("FreePort", {
    payload: { host: Schema.optional(Schema.String) },
    success: Schema.Int,
    error: NoFreePort,
  }),
  Rpc.make("Workers", { success: Schema.Array(Worker.Snapshot) }),
) {}

/** Name of the conversation on the channel. */
export const toPrimary = { name: "@manycore/cluster:primary" }
