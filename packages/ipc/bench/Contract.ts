/** What Effect and we serve and call. */
import { Effect, Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

import { greet } from "./work.ts"

export class Contract extends RpcGroup.make(
  Rpc.make("Greet", {
    payload: { id: Schema.Int, name: Schema.String },
    success: Schema.Struct({ id: Schema.Int, text: Schema.String }),
  }),
  Rpc.make("Echo", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array }),
) {}

export const Handlers = Contract.toLayer({
  Greet: (greeting) => Effect.succeed(greet(greeting)),
  Echo: ({ bytes }) => Effect.succeed(bytes),
})
