// #region contract
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { n: Schema.Int }) {}

export class Primes extends RpcGroup.make(
  Rpc.make("IsPrime", { payload: { n: Schema.Int }, success: Schema.Boolean, error: TooLarge }),
  Rpc.make("Below", { payload: { limit: Schema.Int }, success: Schema.Int, stream: true }),
) {}
// #endregion
