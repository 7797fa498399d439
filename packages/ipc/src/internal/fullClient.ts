/**
 * The calls of a client that take Effect's full protocol: streams, middleware, headers. Owns what Effect's
 * client leaves to its transport: waiting until the peer serves, and typed failures for what is nobody's
 * bug here, a payload or an answer that cannot be. It stops with its Scope, and tells the peer.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- the contract's own types are erased here; Effect's
   client checks each value against its Schema instead. */
import { Cause, Effect, type Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"
import { isSchemaError } from "effect/Schema"

import type { Channel } from "../Channel.ts"
import type { IpcError } from "../IpcError.ts"
import { clientProtocol, isRefusedAnswer, requestLine } from "./clientProtocol.ts"
import { type FlatOptions, invalid, served, whyNotMade } from "./flatClient.ts"
import { refusal } from "./fromLink.ts"

/** Any function of a client, its types forgotten. */
export type Call = (
  payload: unknown,
  options?: { readonly asQueue?: boolean },
) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>

/**
 * A lie that `Ipc.client` takes back in its type: Effect's client hands on whatever error its protocol
 * fails with and never looks inside, and this protocol fails with nothing else.
 */
const asRpcClientError = (error: IpcError): RpcClientError => error as never

/** What Effect's client takes for a bug and is none of ours: values that do not fit, or do not travel. */
const isInvalid = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (reason) =>
      Cause.isDieReason(reason) && (isSchemaError(reason.defect) || isRefusedAnswer(reason.defect)),
  )

export const fullClient = Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channel: Channel,
  { name, serveTimeout }: FlatOptions,
): Effect.fn.Return<
  (rpc: Rpc.AnyWithProps) => Call,
  never,
  Scope.Scope | Rpc.MiddlewareClient<Rpcs>
> {
  const { link } = channel
  const { end, protocol } = yield* clientProtocol(channel, name, asRpcClientError)
  const client = yield* Effect.provideService(RpcClient.make(group), RpcClient.Protocol, protocol)
  const closed = (call?: string) => refusal(link, { _tag: "ChannelClosed" }, call)
  let isOver = false
  // Before Effect's client interrupts its callers, who did nothing of the kind.
  yield* Effect.addFinalizer(() => {
    isOver = true
    return end(closed())
  })

  const line = requestLine(name)

  const ready = (call: string) =>
    Effect.suspend(() => {
      if (isOver) return Effect.fail(closed(call))
      if (link.isServed(line)) return Effect.void
      return served(link, line, { name, serveTimeout }, call)
    })

  return (rpc) => {
    const tag = rpc._tag
    const effectCall = Reflect.get(client, tag) as Call
    const isStream = RpcSchema.isStreamSchema(rpc.successSchema)

    /** Effect's client makes the payload, too, but throws when it cannot. */
    const start = (payload: unknown, options: Parameters<Call>[1]) =>
      Effect.andThen(
        ready(tag),
        Effect.suspend(() => {
          try {
            return Effect.succeed(effectCall(rpc.payloadSchema.make(payload), options))
          } catch (error) {
            return Effect.fail(invalid(link, tag, whyNotMade(error)))
          }
        }),
      )

    const asFailure = (cause: Cause.Cause<unknown>) =>
      Effect.fail(invalid(link, tag, Cause.squash(cause)))

    return (payload, options) => {
      const started = start(payload, options)
      if (isStream && options?.asQueue !== true) {
        return Stream.unwrap(started as Effect.Effect<Stream.Stream<unknown, unknown>>).pipe(
          Stream.catchCauseIf(isInvalid, (cause) => Stream.fromEffect(asFailure(cause))),
        )
      }
      return Effect.flatten(started as Effect.Effect<Effect.Effect<unknown, unknown>>).pipe(
        Effect.catchCauseIf(isInvalid, asFailure),
      )
    }
  }
})
