/** What Effect and we serve and call. */
import { Effect, Layer, Schema, Stream } from "effect"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"

import { cpuOfProcess, greet } from "./work.ts"

class Denied extends Schema.TaggedError<Denied>()("Denied", {}) {}

class Guard extends RpcMiddleware.Service<Guard>()("bench/Guard", {
  error: Denied,
  requiredForClient: true,
}) {}

const Greeting = { id: Schema.Int, name: Schema.String }
const Greeted = Schema.Struct({ id: Schema.Int, text: Schema.String })

export class Contract extends RpcGroup.make(
  Rpc.make("Greet", { payload: Greeting, success: Greeted }),
  Rpc.make("Guarded", { payload: Greeting, success: Greeted, error: Denied }).middleware(Guard),
  Rpc.make("Echo", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array }),
  Rpc.make("Numbers", { payload: { to: Schema.Int }, success: Schema.Int, stream: true }),
  Rpc.make("Cpu", { success: Schema.Finite }),
) {}

const GuardLive = Layer.succeed(Guard)(
  Guard.of((effect, { headers }) =>
    Headers.has(headers, "token") ? effect : Effect.fail(new Denied()),
  ),
)

export const Handlers = Layer.merge(
  Contract.toLayer({
    Greet: (greeting) => Effect.succeed(greet(greeting)),
    Guarded: (greeting) => Effect.succeed(greet(greeting)),
    Echo: ({ bytes }) => Effect.succeed(bytes),
    Numbers: ({ to }) => Stream.range(1, to),
    Cpu: () => Effect.sync(cpuOfProcess),
  }),
  GuardLive,
)

/** The client's half of the middleware. */
export const GuardClient = RpcMiddleware.layerClient(Guard, ({ next, request }) =>
  next({ ...request, headers: Headers.set(request.headers, "token", "a token") }),
)
