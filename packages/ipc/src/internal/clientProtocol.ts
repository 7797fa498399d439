/**
 * The client half of Effect's rpc over a Channel. `toError` decides which error a caller sees, so
 * that plain Effect clients get their `RpcClientError` and ours the `IpcError` itself: the
 * protocol is the only source of a client's transport errors.
 */
import type { Transferable } from "node:worker_threads"

import { Effect, type Scope } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import type { FromServerEncoded } from "effect/rpc/RpcMessage"

import type { Channel } from "../Channel.ts"
import type { IpcError } from "../IpcError.ts"
import { atOnce } from "./atOnce.ts"
import { attend } from "./attend.ts"
import { codecFor } from "./codecFor.ts"
import { isFromServer } from "./envelope.ts"
import { refusal } from "./fromLink.ts"
import { junkOf } from "./junk.ts"

/**
 * Effect says what the browser can transfer; here it is Node that does. Two views of one buffer name it
 * twice, and `postMessage` refuses that.
 */
export const nodeTransfer = (
  transfer: ReadonlyArray<unknown> | undefined,
): ReadonlyArray<Transferable> | undefined =>
  transfer === undefined || transfer.length === 0
    ? undefined
    : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `postMessage` checks it
      ([...new Set(transfer)] as ReadonlyArray<Transferable>)

/** What a client says; the server announces that it listens there. */
export const requestLine = (name: string): string => `${name}:>`

/** What the server answers. */
export const responseLine = (name: string): string => `${name}:<`

/** Says of a defect that it is none: the answer could not be sent. An Error's name does not travel. */
const refusedMark = "@manycore/ipc: an answer that could not be sent"

/** What a caller is told instead of an answer that its channel cannot carry. */
export const refusedAnswer = (detail: string) => new Error(detail, { cause: refusedMark })

export const isRefusedAnswer = (defect: unknown): boolean =>
  defect instanceof Error && defect.cause === refusedMark

/** The protocol, and how to end it with an error for every call in flight. */
interface Ending {
  readonly protocol: RpcClient.Protocol["Service"]
  readonly end: (error: IpcError) => Effect.Effect<void>
}

export const clientProtocol = Effect.fnUntraced(function* (
  channel: Channel,
  name: string,
  toError: (error: IpcError) => RpcClientError,
): Effect.fn.Return<Ending, never, Scope.Scope> {
  const { link } = channel
  const callers = new Map<string | number, number>()
  let failAll: ((error: IpcError) => Effect.Effect<void>) | undefined

  const protocol = yield* RpcClient.Protocol.make(
    Effect.fnUntraced(function* (write, clientIds) {
      const toAll = (response: FromServerEncoded) =>
        Effect.forEach([...clientIds], (clientId) => write(clientId, response), { discard: true })

      const deliver = (response: FromServerEncoded) => {
        if (!("requestId" in response)) return toAll(response)
        const clientId = callers.get(response.requestId)
        if (clientId === undefined) return Effect.void
        if (response._tag === "Exit") callers.delete(response.requestId)
        return write(clientId, response)
      }

      const fail = (error: IpcError) =>
        toAll({ _tag: "ClientProtocolError", error: toError(error) })
      failAll = fail

      const run = yield* atOnce
      const junk = yield* junkOf(channel)
      // The protocol bounds what is in flight by itself: a stream's chunks are acknowledged, so those of
      // one call come one after the other, and a slow consumer holds up its own call only.
      yield* Effect.acquireRelease(
        Effect.sync(() => [
          attend(channel, responseLine(name), (message) => {
            run(isFromServer(message) ? deliver(message) : junk(message))
          }),
          link.onceClosed((reason) => {
            callers.clear()
            run(fail(refusal(link, reason)))
          }),
        ]),
        (stops) =>
          Effect.sync(() => {
            for (const stop of stops) stop()
          }),
      )

      return {
        send: (clientId, request, transfer) => {
          if (request._tag === "Request") callers.set(request.id, clientId)
          if (request._tag === "Interrupt") callers.delete(request.requestId)
          return channel.send(requestLine(name), request, nodeTransfer(transfer)).pipe(
            Effect.mapError(toError),
            Effect.onError(() =>
              Effect.sync(() => request._tag === "Request" && callers.delete(request.id)),
            ),
          )
        },
        supportsAck: true,
        supportsTransferables: true,
        codecFor,
      }
    }),
  )

  /** The peer must not work for nobody. */
  const interruptAll = () => {
    for (const requestId of callers.keys()) {
      link.send(link.line(requestLine(name)), { _tag: "Interrupt", requestId })
    }
    callers.clear()
  }

  return {
    protocol,
    end: (error) => Effect.andThen(Effect.sync(interruptAll), failAll?.(error) ?? Effect.void),
  }
})
