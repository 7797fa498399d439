/**
 * Effect's rpc protocols over a Channel, so that everything written for Effect rpc works between
 * processes and threads unchanged. Values are encoded with `Schema.toCodecIso`: checked on arrival,
 * and native (bytes stay bytes).
 *
 * Both peers may serve and call at once, and several groups share a channel by name: a subject of
 * the channel is the name and the direction.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Queue, type Scope } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"
import { RpcClientDefect, RpcClientError } from "effect/rpc/RpcClientError"
import type { FromClientEncoded } from "effect/rpc/RpcMessage"
import * as RpcServer from "effect/rpc/RpcServer"

import { dieExit } from "./bare/flat.ts"
import { Intake } from "./bare/Intake.ts"
import type { Link } from "./bare/Link.ts"
import type { Channel } from "./Channel.ts"
import { atOnceInTurn } from "./internal/atOnce.ts"
import { attend } from "./internal/attend.ts"
import {
  clientProtocol,
  nodeTransfer,
  refusedAnswer,
  requestLine,
  responseLine,
} from "./internal/clientProtocol.ts"
import { codecFor } from "./internal/codecFor.ts"
import { isFromClient } from "./internal/envelope.ts"
import { junkOf } from "./internal/junk.ts"

/**
 * The codec of every value on a channel, for protocols of your own: `Schema.toCodecIso`, and what a
 * schema declares to transfer is handed to the `Collector`.
 *
 * @category codecs
 * @since 0.1.0
 */
export { codecFor } from "./internal/codecFor.ts"

/**
 * What tells one conversation on a channel from another.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Both sides use the same name. Default `rpc`. */
  readonly name?: string
}

/**
 * A client protocol whose calls fail with `RpcClientError`, the `IpcError` being its reason's
 * cause. `Ipc.client` gives the `IpcError` itself.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (channel: Channel, options?: Options): Layer.Layer<RpcClient.Protocol> =>
  Layer.effect(RpcClient.Protocol)(
    Effect.map(
      clientProtocol(
        channel,
        options?.name ?? "rpc",
        (error) =>
          new RpcClientError({
            reason: new RpcClientDefect({ message: error.message, cause: error }),
          }),
      ),
      ({ protocol }) => protocol,
    ),
  )

/** Takes requests in turn; what is said about one that was not taken yet ends with it. */
const requests = (link: Link, start: (request: FromClientEncoded) => void) => {
  const intake = new Intake<string | number, FromClientEncoded>(link, start)
  return {
    hear: (message: FromClientEncoded, weight: number): boolean => {
      if (message._tag === "Request") return intake.take(message.id, message, weight)
      if (message._tag !== "Interrupt" || !intake.forget(message.requestId)) start(message)
      return true
    },
    stop: () => intake.stop(),
  }
}

/** Answers who calls when the server has stopped. */
const refuse = (link: Link, name: string) => (message: FromClientEncoded) => {
  if (message._tag !== "Request") return
  link.send(link.line(responseLine(name)), {
    _tag: "Exit",
    requestId: message.id,
    exit: dieExit(refusedAnswer(`nobody serves ${message.tag}`)),
  })
}

/**
 * A server protocol with one client: the peer. When the channel ends, the client is gone and its
 * handlers are interrupted.
 *
 * @category protocols
 * @since 0.1.0
 */
export const makeServer = (
  channel: Channel,
  options?: Options,
): Effect.Effect<RpcServer.Protocol["Service"], never, Scope.Scope> =>
  RpcServer.Protocol.make(
    Effect.fnUntraced(function* (write) {
      const name = options?.name ?? "rpc"
      const peer = 0
      const { link } = channel
      const run = yield* atOnceInTurn
      const taken = requests(link, (message) =>
        run(Effect.exit(Effect.suspend(() => write(peer, message)))),
      )
      const answerNo = refuse(link, name)
      const refused = requests(link, answerNo)
      const junk = yield* junkOf(channel)
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          attend(
            channel,
            requestLine(name),
            (message, weight) =>
              isFromClient(message) ? taken.hear(message, weight) : run(junk(message)),
            (message, weight) => !isFromClient(message) || refused.hear(message, weight),
          ),
        ),
        (stop) =>
          Effect.sync(() => {
            stop()
            for (const request of taken.stop()) answerNo(request)
          }),
      )
      link.serve(requestLine(name))
      const disconnects = yield* Queue.unbounded<number>()
      yield* channel.closed.pipe(Effect.andThen(Queue.offer(disconnects, peer)), Effect.forkScoped)
      return {
        disconnects,
        // A response that cannot be sent ends its call; one whose reader has gone has nobody left
        // to tell.
        send: (_client, response, transfer) =>
          channel.send(responseLine(name), response, nodeTransfer(transfer)).pipe(
            Effect.catchReasons("IpcError", {
              NotSerializable: ({ message }) => Effect.die(new Error(message)),
              MessageTooLarge: ({ message }) => Effect.die(refusedAnswer(message)),
            }),
            Effect.ignore,
          ),
        end: () => Effect.void,
        clientIds: Effect.succeed(new Set([peer])),
        initialMessage: Effect.succeedNone,
        supportsAck: true,
        supportsTransferables: true,
        supportsSpanPropagation: true,
        supportsNotifications: true,
        codecFor,
      }
    }),
  )

/**
 * `makeServer` as a Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (channel: Channel, options?: Options): Layer.Layer<RpcServer.Protocol> =>
  Layer.effect(RpcServer.Protocol)(makeServer(channel, options))
