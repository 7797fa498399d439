/**
 * The same contracts and channels with promises, async iterables and `AbortSignal`, for programs
 * without Effect. It holds no logic: each function runs the Effect of the same name, on one runtime.
 *
 * A call rejects with the error that the Effect would fail with: the contract's own, or `IpcError`.
 * Aborting a call interrupts its handler. A peer stops with `close()` or `await using`.
 *
 * @since 0.1.0
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- one loop turns every function of a contract, so
   what the contract says of each is asserted here; callers see only the types. */
import type { MessagePort, Worker } from "node:worker_threads"

import { Effect, Exit, Layer, ManagedRuntime, Schema, Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"

import type { Channel, Options } from "./Channel.ts"
import * as Ipc from "./Ipc.ts"
import type { CloseReason, IpcError } from "./IpcError.ts"
import * as PortChannel from "./PortChannel.ts"
import * as ProcessChannel from "./ProcessChannel.ts"

const runtime = ManagedRuntime.make(Layer.empty)

/** @since 0.1.0 */
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
 * @since 0.1.0
 */
export type Client<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: CallOf<R>
}

interface HandlerOptions {
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
 * @since 0.1.0
 */
export type Handlers<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: HandlerOf<R>
}

/**
 * Serve a contract with functions. Name the contract's type, `serve<typeof Sums>(Sums, { … })`: the
 * functions' parameters are typed by it.
 *
 * @since 0.1.0
 */
export type Serve = <Group extends RpcGroup.Any>(
  group: Group,
  handlers: Handlers<RpcGroup.Rpcs<Group>>,
) => Promise<void>

/**
 * The other side of a channel.
 *
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

type AnyCall = (
  payload: unknown,
) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>

const toClient = <Rpcs extends Rpc.Any>(calls: Ipc.Client<Rpcs>): Client<Rpcs> =>
  Object.fromEntries(
    Object.entries(calls as Record<string, AnyCall>).map(([tag, call]) => [
      tag,
      (payload: unknown, options?: CallOptions) => {
        const result = call(payload)
        return Effect.isEffect(result)
          ? runtime.runPromise(result, options)
          : Stream.toAsyncIterable(untilAborted(result, options?.signal))
      },
    ]),
  ) as never

const untilAborted = <A, E>(stream: Stream.Stream<A, E>, signal: AbortSignal | undefined) =>
  signal === undefined
    ? stream
    : Stream.interruptWhen(
        stream,
        Effect.callback<never>((resume) => {
          const onAbort = () => resume(Effect.interrupt)
          if (signal.aborted) onAbort()
          else signal.addEventListener("abort", onAbort, { once: true })
          return Effect.sync(() => signal.removeEventListener("abort", onAbort))
        }),
      )

type AnyHandler = (payload: unknown, options: HandlerOptions) => unknown

/** What a handler threw, which may be anything. */
class Thrown {
  readonly _tag = "Thrown"
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

const thrown = (error: unknown) => new Thrown(error)

const abortOnRelease = Effect.acquireRelease(
  Effect.sync(() => new AbortController()),
  (controller) => Effect.sync(() => controller.abort()),
)

/** A handler's function as an Effect or a Stream. */
const toHandler = (rpc: Rpc.AnyWithProps, handler: AnyHandler) => (payload: unknown) => {
  if (RpcSchema.isStreamSchema(rpc.successSchema)) {
    return abortOnRelease.pipe(
      Effect.map(({ signal }) => handler(payload, { signal }) as AsyncIterable<unknown>),
      Effect.map((iterable) => Stream.fromAsyncIterable(iterable, thrown)),
      Stream.unwrap,
      Stream.mapError(({ error }) => error),
    )
  }
  const isFailure = Schema.is(rpc.errorSchema)
  return Effect.tryPromise({
    try: async (signal) => handler(payload, { signal }),
    catch: thrown,
  }).pipe(Effect.catch(({ error }) => (isFailure(error) ? Effect.fail(error) : Effect.die(error))))
}

type AnyGroup = RpcGroup.RpcGroup<Rpc.AnyWithProps>

/** Serve on a channel, with functions for handlers. */
const serveWith =
  (serve: (group: AnyGroup) => Effect.Effect<void, IpcError, unknown>): Serve =>
  (group, handlers) => {
    const erased = group as never as AnyGroup
    const layer = erased.toLayer(
      Object.fromEntries(
        Array.from(erased.requests.values(), (rpc) => [
          rpc._tag,
          toHandler(rpc, Reflect.get(handlers, rpc._tag) as AnyHandler),
        ]),
      ) as never,
    )
    return runtime.runPromise(Effect.provide(serve(erased), layer as Layer.Layer<unknown>))
  }

const connect = async <C extends Channel>(
  open: Effect.Effect<C, IpcError, Scope.Scope>,
  pid: (channel: C) => number | undefined,
): Promise<Peer> => {
  const scope = Scope.makeUnsafe()
  const within = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) =>
    runtime.runPromise(Scope.provide(effect, scope))
  const close = () => runtime.runPromise(Scope.close(scope, Exit.void))
  const channel = await within(open).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    name: channel.peer,
    pid: pid(channel),
    client: async <Rpcs extends Rpc.Any>(
      group: RpcGroup.RpcGroup<Rpcs>,
      options?: Ipc.ClientOptions,
    ) =>
      toClient<Rpcs>(
        await within(Ipc.client(group, channel, options) as Effect.Effect<Ipc.Client<Rpcs>>),
      ),
    serve: serveWith((group) => Ipc.serveOn(group, channel)),
    closed: runtime.runPromise(channel.closed),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** `ProcessChannel.fork`: start a program and talk to it. @since 0.1.0 */
export const fork = (file: string | URL, options?: ProcessChannel.ForkOptions): Promise<Peer> =>
  connect(ProcessChannel.fork(file, options), ({ pid }) => pid)

/** `PortChannel.fromWorker`: talk to a thread. @since 0.1.0 */
export const fromWorker = (worker: Worker, options?: Options): Promise<Peer> =>
  connect(PortChannel.fromWorker(worker, options), () => undefined)

/** `PortChannel.fromPort`: talk over one end of a `MessageChannel`. @since 0.1.0 */
export const fromPort = (port: MessagePort, options?: Options): Promise<Peer> =>
  connect(PortChannel.fromPort(port, options), () => undefined)

/** `Ipc.parent`: talk to whoever started this process or thread. @since 0.1.0 */
export const parent = (options?: Options): Promise<Peer> =>
  connect(Ipc.parent(options), () => undefined)

/** `Ipc.serve`: serve a contract to whoever started this process or thread, until it goes. @since 0.1.0 */
export const serve = serveWith((group) => Ipc.serve(group))
