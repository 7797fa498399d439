/** What `promise` speaks of: the functions of a contract on both sides, and a peer. It exports all of it. */
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcSchema from "effect/rpc/RpcSchema"

import type * as Ipc from "../Ipc.ts"
import type { CloseReason } from "../IpcError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  /** Aborting it interrupts the handler and rejects the call. */
  readonly signal?: AbortSignal
}

type CallOf<R extends Rpc.Any> = [Rpc.SuccessChunk<R>] extends [never]
  ? (payload: Rpc.PayloadConstructor<R>, options?: CallOptions) => Promise<Rpc.Success<R>>
  : (
      payload: Rpc.PayloadConstructor<R>,
      options?: CallOptions,
    ) => AsyncIterable<Rpc.SuccessChunk<R>>

/**
 * The calls of a contract: a function for each rpc, which answers a promise, or an async iterable
 * where the rpc is a stream.
 *
 * @category models
 * @since 0.1.0
 */
export type Client<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: CallOf<R>
}

/**
 * What a handler gets besides its payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandlerOptions {
  /** Aborted when the caller no longer wants the answer, or has gone. */
  readonly signal: AbortSignal
}

type HandlerOf<R> =
  R extends Rpc.Rpc<infer _Tag, infer Payload, infer Success, infer _Error, infer _Middleware>
    ? Success extends RpcSchema.Stream<infer A, infer _E>
      ? (payload: Payload["Type"], options: HandlerOptions) => AsyncIterable<A["Type"]>
      : (
          payload: Payload["Type"],
          options: HandlerOptions,
        ) => Success["Type"] | PromiseLike<Success["Type"]>
    : never

/**
 * A function for each rpc of a contract. What it throws is the call's typed failure where it fits
 * the rpc's error Schema, else a defect.
 *
 * @category models
 * @since 0.1.0
 */
export type Handlers<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: HandlerOf<R>
}

/**
 * Serve a contract with functions. Name the contract's type, `serve<typeof Sums>(Sums, { … })`: the
 * functions' parameters are typed by it.
 *
 * @category models
 * @since 0.1.0
 */
export type Serve = <Group extends RpcGroup.Any>(
  group: Group,
  handlers: Handlers<RpcGroup.Rpcs<Group>>,
) => Promise<void>

/**
 * The other side of a channel.
 *
 * @category models
 * @since 0.1.0
 */
export interface Peer extends AsyncDisposable {
  /** `process 4711`, `thread 3`. */
  readonly name: string
  /** Process id, where `fork` started a process. */
  readonly pid: number | undefined
  /** Calls of what the peer serves. */
  readonly client: <Rpcs extends Rpc.Any>(
    group: RpcGroup.RpcGroup<Rpcs>,
    options?: Ipc.ClientOptions,
  ) => Promise<Client<Rpcs>>
  /** Serve calls of the peer until the channel ends. */
  readonly serve: Serve
  /** Fulfilled with the reason when the channel has ended. */
  readonly closed: Promise<CloseReason>
  /** End the channel; a process that `fork` started is gone then. */
  readonly close: () => Promise<void>
}
