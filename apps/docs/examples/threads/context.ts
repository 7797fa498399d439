import { Carried, Pool, PoolMetrics } from "@manycore/threads"
import { Context, Effect, Metric, Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

// #region contract
export const Tenant = Context.Reference<string>("docs/Tenant", { defaultValue: () => "nobody" })

export const along = Carried.make({ tenant: Carried.value(Tenant, Schema.String) })

export class Bills extends RpcGroup.make(
  Rpc.make("Bill", { payload: { amount: Schema.Int }, success: Schema.String }),
).annotate(Carried.Values, along) {}
// #endregion

// #region call
export const bill = (entry: URL) =>
  Effect.gen(function* () {
    const { tasks } = yield* Pool.make(Bills, { entry, size: 1 })
    const forAcme = tasks.Bill({ amount: 5 }).pipe(Effect.provideService(Tenant, "acme"))
    return [yield* forAcme, yield* tasks.Bill({ amount: 6 })]
  }).pipe(Effect.scoped)
// #endregion

// #region metrics
export const measured = (entry: URL) =>
  Effect.gen(function* () {
    const pool = yield* Pool.make(Bills, { entry, size: 2, name: "bills" })
    yield* PoolMetrics.register(pool, { attributes: { service: "shop" } })
    yield* pool.tasks.Bill({ amount: 5 })
    return yield* Metric.snapshot
  }).pipe(Effect.scoped)
// #endregion
