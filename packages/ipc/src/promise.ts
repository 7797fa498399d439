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
import type { CallOptions, Client, HandlerOptions, Peer, Serve } from "./internal/promiseModel.ts"
import * as Ipc from "./Ipc.ts"
import type { IpcError } from "./IpcError.ts"
import * as PortChannel from "./PortChannel.ts"
import * as ProcessChannel from "./ProcessChannel.ts"

export type {
  CallOptions,
  Client,
  HandlerOptions,
  Handlers,
  Peer,
  Serve,
} from "./internal/promiseModel.ts"

const runtime = ManagedRuntime.make(Layer.empty)

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

/**
 * `ProcessChannel.fork`: start a program and talk to it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fork = (file: string | URL, options?: ProcessChannel.ForkOptions): Promise<Peer> =>
  connect(ProcessChannel.fork(file, options), ({ pid }) => pid)

/**
 * `PortChannel.fromWorker`: talk to a thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromWorker = (worker: Worker, options?: Options): Promise<Peer> =>
  connect(PortChannel.fromWorker(worker, options), () => undefined)

/**
 * `PortChannel.fromPort`: talk over one end of a `MessageChannel`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPort = (port: MessagePort, options?: Options): Promise<Peer> =>
  connect(PortChannel.fromPort(port, options), () => undefined)

/**
 * `Ipc.parent`: talk to whoever started this process or thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent = (options?: Options): Promise<Peer> =>
  connect(Ipc.parent(options), () => undefined)

/**
 * `Ipc.serve`: serve a contract to whoever started this process or thread, until it goes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = serveWith((group) => Ipc.serve(group))
