/** The tasks as a contract, for those who have one. */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Transferable from "effect/workers/Transferable"

const Moving = Transferable.schema(Schema.Uint8Array, (bytes) =>
  bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [],
)

export class Tasks extends RpcGroup.make(
  Rpc.make("empty"),
  Rpc.make("mix", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("touch", { payload: Schema.Uint8Array, success: Schema.Uint8Array }),
  Rpc.make("move", { payload: Moving, success: Moving }),
  Rpc.make("spin"),
) {}
