/** What the demo runs on threads. */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

export class Tasks extends RpcGroup.make(
  /** Count from 0 to n, one by one, and answer where. */
  Rpc.make("Count", {
    payload: { n: Schema.Int },
    success: Schema.Struct({ counted: Schema.Int, threadId: Schema.Int }),
  }),
) {}
