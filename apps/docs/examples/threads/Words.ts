import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

// #region contract
export class Empty extends Schema.TaggedError<Empty>()("Empty", { title: Schema.String }) {}

export class Words extends RpcGroup.make(
  Rpc.make("Count", {
    payload: { title: Schema.String, text: Schema.String },
    success: Schema.Int,
    error: Empty,
  }),
  Rpc.make("Each", { payload: { text: Schema.String }, success: Schema.String, stream: true }),
  Rpc.make("Hang"),
) {}
// #endregion
