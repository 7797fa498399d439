/**
 * The front door: call an `RpcGroup` that a process or a thread serves, and serve one.
 *
 * A call that needs neither a stream nor middleware travels flat: one batched message each way. The
 * others take Effect's full rpc protocol. Which one it is shows in nothing but speed; an active
 * span travels on both.
 *
 * @since 0.1.0
 */
import { parentPort } from "node:worker_threads"

import { Duration, Effect, type Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcServer from "effect/rpc/RpcServer"

import { callLine } from "./bare/flat.ts"
import type * as Channel from "./Channel.ts"
import { flatClient, served } from "./internal/flatClient.ts"
import { isFlat } from "./internal/flatCodecs.ts"
import { flatServer } from "./internal/flatServer.ts"
import { type Call, fullClient } from "./internal/fullClient.ts"
import { observedCall, observedStream, observersOf } from "./internal/observation.ts"
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
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions extends Options {
  /**
   * How long a call waits until the peer serves the name, then it fails with `NotServed`. Default
   * 10 seconds.
   */
  readonly serveTimeout?: Duration.Input
}

/**
 * A client of what the peer serves under the same name. When the peer goes, every call in flight
 * fails at once with an `IpcError` that says who ended, how, and which call it was; so does every
 * later call. Interrupting a call interrupts its handler. A payload that does not fit its Schema
 * fails the call with `InvalidMessage`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const client: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channel: Channel.Channel,
  options?: ClientOptions,
) => Effect.Effect<Client<Rpcs>, never, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> =
  Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(
    group: RpcGroup.RpcGroup<Rpcs>,
    channel: Channel.Channel,
    options: ClientOptions = {},
  ): Effect.fn.Return<Client<Rpcs>, never, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> {
    const name = options.name ?? "rpc"
    const { link } = channel
    const serveTimeout = Duration.toMillis(options.serveTimeout ?? defaultServeTimeout)
    const full = yield* fullClient(group, channel, { name, serveTimeout })
    const flat = yield* flatClient(channel, { name, serveTimeout })
    const observers = observersOf(link)
    const calls: Record<string, Call> = {}
    for (const [tag, rpc] of group.requests) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the group's type is erased
      const erased = rpc as never as Rpc.AnyWithProps
      const fullCall = full(erased)
      const flatCall = isFlat(erased) ? flat(erased, fullCall) : undefined
      calls[tag] = (payload, options) => {
        // Headers and the like travel by the full protocol only.
        const goesFlat = flatCall !== undefined && options === undefined
        const call = goesFlat ? flatCall(payload) : fullCall(payload, options)
        if (observers.size === 0 || options?.asQueue === true) return call
        return Effect.isEffect(call)
          ? observedCall(link, call, goesFlat)
          : observedStream(link, call)
      }
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the contract says
    return calls as Client<Rpcs>
  })

/**
 * Serve a group to the peer until the channel ends; then handlers in flight are interrupted and
 * the Effect succeeds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serveOn = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channel: Channel.Channel,
  options?: Options,
): Effect.Effect<
  void,
  never,
  Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> =>
  Effect.gen(function* () {
    const protocol = yield* makeServer(channel, options)
    yield* flatServer(group, channel, options?.name ?? "rpc")
    // A defect is its own call's affair.
    yield* RpcServer.make(group, { disableFatalDefects: true }).pipe(
      Effect.provideService(RpcServer.Protocol, protocol),
      Effect.raceFirst(channel.closed),
    )
  }).pipe(Effect.scoped)

/**
 * Waits until the peer serves this name (default `rpc`). Fails with `NotServed` after `serveTimeout`
 * (default 10 seconds), or with the reason of the channel's end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const awaitServed = (
  channel: Channel.Channel,
  { name = "rpc", serveTimeout = defaultServeTimeout }: ClientOptions = {},
): Effect.Effect<void, IpcError> =>
  served(channel.link, callLine(name), { name, serveTimeout: Duration.toMillis(serveTimeout) })

const defaultServeTimeout = Duration.seconds(10)

/**
 * The channel to whoever started this thread, or this process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent = (
  options?: Channel.Options,
): Effect.Effect<Channel.Channel, IpcError, Scope.Scope> =>
  Effect.suspend(() =>
    parentPort === null ? ProcessChannel.parent(options) : PortChannel.parent(options),
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
  options?: Options & Channel.Options,
): Effect.Effect<
  void,
  IpcError,
  Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> => Effect.scoped(Effect.flatMap(parent(options), (channel) => serveOn(group, channel, options)))
