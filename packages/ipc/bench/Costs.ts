/** One MiB there and back, in each way that it can go. */
import { Effect, Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Transferable from "effect/workers/Transferable"

export const mebibyte = 1024 * 1024

const Shared = Schema.instanceOf(SharedArrayBuffer)

export class Costs extends RpcGroup.make(
  Rpc.make("Copy", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array }),
  Rpc.make("Move", {
    payload: { bytes: Transferable.Uint8Array },
    success: Transferable.Uint8Array,
  }),
  /** Adds one to the first byte of memory that both sides see. */
  Rpc.make("Share", { payload: { memory: Shared }, success: Schema.Void }),
) {}

export const Handlers = Costs.toLayer({
  Copy: ({ bytes }) => Effect.succeed(bytes),
  Move: ({ bytes }) => Effect.succeed(bytes),
  Share: ({ memory }) =>
    Effect.sync(() => {
      Atomics.add(new Uint8Array(memory), 0, 1)
    }),
})
