/**
 * The front door: call an `RpcGroup` that a process or a thread serves, and serve one.
 *
 * @since 0.1.0
 */
import { parentPort } from "node:worker_threads"

import { Effect, type Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcServer from "effect/rpc/RpcServer"

import type { Channel } from "./Channel.ts"
import { clientProtocol } from "./internal/clientProtocol.ts"
import type { IpcError } from "./IpcError.ts"
import * as PortChannel from "./PortChannel.ts"
import * as ProcessChannel from "./ProcessChannel.ts"
import { makeServer, type Options } from "./RpcTransport.ts"

/**
 * The typed calls of a group: one function per rpc, an Effect or a Stream, failing with the rpc's
 * own error or with `IpcError`.
 *
 * @category models
 * @since 0.1.0
 */
export type Client<Rpcs extends Rpc.Any> = RpcClient.RpcClient<Rpcs, IpcError>

/**
 * A client of what the peer serves under the same name. When the peer goes, every call in flight
 * fails at once with an `IpcError` that says who ended and how; so does every later call.
 * Interrupting a call interrupts its handler.
 *
 * @category constructors
 * @since 0.1.0
 */
export const client = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channel: Channel,
  options?: Options,
): Effect.Effect<Client<Rpcs>, never, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> =>
  Effect.flatMap(clientProtocol(channel, options?.name ?? "rpc", asRpcClientError), (protocol) =>
    Effect.provideService(RpcClient.make(group), RpcClient.Protocol, protocol),
  ) as Effect.Effect<Client<Rpcs>, never, Scope.Scope | Rpc.MiddlewareClient<Rpcs>>

/**
 * A lie that `client` takes back in its type: Effect's client hands on whatever error its protocol
 * fails with and never looks inside, and this protocol fails with nothing else.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const asRpcClientError = (error: IpcError): RpcClientError => error as never

/**
 * Serve a group to the peer until the channel ends; then handlers in flight are interrupted and
 * the Effect succeeds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serveOn = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channel: Channel,
  options?: Options,
): Effect.Effect<
  void,
  never,
  Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> =>
  Effect.scoped(
    Effect.flatMap(makeServer(channel, options), (protocol) =>
      // A defect is its own call's affair.
      RpcServer.make(group, { disableFatalDefects: true }).pipe(
        Effect.provideService(RpcServer.Protocol, protocol),
        Effect.raceFirst(channel.closed),
        Effect.asVoid,
      ),
    ),
  )

/**
 * The channel to whoever started this thread, or this process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent: Effect.Effect<Channel, IpcError, Scope.Scope> = Effect.suspend(() =>
  parentPort === null ? ProcessChannel.parent : PortChannel.parent,
)

/**
 * The whole of an entry file: serve a group to whoever started this process or thread, until it
 * goes. Fails with `NoParent` when nobody did.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options?: Options,
): Effect.Effect<
  void,
  IpcError,
  Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> => Effect.scoped(Effect.flatMap(parent, (channel) => serveOn(group, channel, options)))
