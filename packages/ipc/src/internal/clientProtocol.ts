/**
 * The client half of Effect's rpc over a Channel. `toError` decides which error a caller sees, so
 * that plain Effect clients get their `RpcClientError` and ours the `IpcError` itself: the
 * protocol is the only source of a client's transport errors.
 */
import { Effect, Queue, Schema } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import type { FromServerEncoded } from "effect/rpc/RpcMessage"

import type { Channel } from "../Channel.ts"
import { IpcError } from "../IpcError.ts"
import { isFromServer } from "./envelope.ts"

/** A message under our subject that is no envelope: the peer runs something else. */
export const ignored = (channel: Channel, message: unknown) =>
  Effect.logWarning(`ignored a message from ${channel.peer} that is not rpc`, message)

export const clientProtocol = (
  channel: Channel,
  name: string,
  toError: (error: IpcError) => RpcClientError,
) =>
  RpcClient.Protocol.make(
    Effect.fnUntraced(function* (write, clientIds) {
      const callers = new Map<string | number, number>()
      const responses = yield* channel.subscribe(`${name}:response`)

      const deliver = (response: FromServerEncoded) => {
        if (!("requestId" in response)) {
          return Effect.forEach([...clientIds], (clientId) => write(clientId, response), {
            discard: true,
          })
        }
        const clientId = callers.get(response.requestId)
        if (clientId === undefined) return Effect.void
        if (response._tag === "Exit") callers.delete(response.requestId)
        return write(clientId, response)
      }

      const failAll = (error: IpcError) =>
        Effect.suspend(() => {
          callers.clear()
          return deliver({ _tag: "ClientProtocolError", error: toError(error) })
        })

      const receive = (message: unknown) =>
        isFromServer(message) ? deliver(message) : ignored(channel, message)

      // Answers that arrived before the end are delivered before the calls without one fail.
      const drain = Effect.flatMap(Queue.clear(responses), (rest) =>
        Effect.forEach(rest, receive, { discard: true }),
      )
      yield* Queue.take(responses).pipe(
        Effect.flatMap(receive),
        Effect.forever,
        Effect.raceFirst(channel.closed),
        Effect.flatMap((reason) =>
          Effect.andThen(drain, failAll(new IpcError({ peer: channel.peer, reason }))),
        ),
        Effect.forkScoped,
      )

      return {
        send: (clientId, request, transfer) => {
          if (request._tag === "Request") callers.set(request.id, clientId)
          if (request._tag === "Interrupt") callers.delete(request.requestId)
          return channel.send(`${name}:request`, request, transfer).pipe(
            Effect.mapError(toError),
            Effect.onError(() =>
              Effect.sync(() => request._tag === "Request" && callers.delete(request.id)),
            ),
          )
        },
        supportsAck: true,
        supportsTransferables: true,
        codecFor: Schema.toCodecIso,
      }
    }),
  )
