import {
  SharedArray,
  SharedCounter,
  SharedMemoryError,
  SharedMutex,
  SharedRing,
} from "@manycore/threads"
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

// #region contract
/** Two numbers whose sum must stay what it is, and the lock that guards them. */
const accounts = {
  mutex: SharedMutex.schema,
  balances: SharedArray.schema("Float64Array"),
}

export class Tasks extends RpcGroup.make(
  Rpc.make("Count", { payload: { counter: SharedCounter.schema, times: Schema.Int } }),
  Rpc.make("Transfer", { payload: { ...accounts, times: Schema.Int } }),
  Rpc.make("DieInside", { payload: accounts, error: SharedMemoryError.schema }),
  Rpc.make("Scale", { payload: { part: SharedArray.schema("Float64Array"), by: Schema.Finite } }),
  Rpc.make("Produce", { payload: { ring: SharedRing.schema, count: Schema.Int } }),
) {}
// #endregion
