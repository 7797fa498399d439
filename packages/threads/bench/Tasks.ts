import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

export class Tasks extends RpcGroup.make(
  Rpc.make("Empty"),
  Rpc.make("Mix", { payload: { seed: Schema.Int }, success: Schema.Int }),
) {}
