/**
 * The thread's side of a `Pool` without Effect: an entry file of plain functions, sync or async,
 * generators for streams. It imports the contract as types only, so that a thread starts fast and
 * stays small; the pool checks payloads before they leave and results when they arrive.
 *
 * Handlers get and answer the `Iso` side of the contract's Schemas: native values, plain objects in
 * place of classes.
 *
 * @since 0.1.0
 */
import { threadId, type Transferable } from "node:worker_threads"

import type { Schema } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcSchema from "effect/rpc/RpcSchema"

import type { Isos } from "./Carried.ts"
import { type Handler, Host } from "./internal/host/Host.ts"
import { Moved, transferOf } from "./internal/wire/move.ts"

export { Failure } from "./internal/host/Run.ts"
export { Moved } from "./internal/wire/move.ts"

type IsoOf<S> = S extends Schema.Top ? S["Iso"] : never

type Result<A> = A | Moved<A> | PromiseLike<A | Moved<A>>

type HandlerOf<R, Along> =
  R extends Rpc.Rpc<infer _Tag, infer Payload, infer Success, infer _Error, infer _Middleware>
    ? (
        payload: IsoOf<Payload>,
        context: Context<Along>,
      ) => Success extends RpcSchema.Stream<infer A, infer _E>
        ? Iterable<IsoOf<A>> | AsyncIterable<IsoOf<A>> | PromiseLike<AsyncIterable<IsoOf<A>>>
        : Result<IsoOf<Success>>
    : never

/**
 * What a handler gets besides its payload. `Along` is the type of what the contract carries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context<Along = unknown> {
  /** Aborted when the caller no longer wants the outcome. A task that ignores it costs its thread. */
  readonly signal: AbortSignal
  /** Tell the caller how far the task is: anything that can be copied. */
  readonly progress: (value: unknown) => void
  /**
   * What the contract carries of the caller's context (`Carried`), by name, as the `Iso` sides of the
   * Schemas. What the caller does not provide is not there.
   */
  readonly carried: Isos<Along>
  /** The span in which the task was called. */
  readonly trace:
    | { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }
    | undefined
}

/**
 * One function for each task of the contract.
 *
 * @category models
 * @since 0.1.0
 */
export type Handlers<Group, Along = unknown> = {
  readonly [R in RpcGroup.Rpcs<Group> as R["_tag"]]: HandlerOf<R, Along>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ServeOptions {
  /** Runs in each thread before its first task. When it fails, the thread did not start. */
  readonly setup?: () => void | PromiseLike<void>
  /** Runs when the thread is asked to go; it gets the pool's `closeTimeout`. */
  readonly teardown?: () => void | PromiseLike<void>
}

/**
 * The whole of a bare entry file.
 *
 * ```ts
 * import { serve } from "@manycore/threads/bare"
 * import type { Tasks } from "./Tasks.ts"
 *
 * serve<typeof Tasks>({ Fibonacci: ({ n }) => fibonacci(n) })
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const serve = <Group, Along = unknown>(
  handlers: Handlers<Group, Along>,
  options: ServeOptions = {},
): void => {
  // A `Run` is a `Context`: the host hands it over as it is.
  // The host knows nothing of what a contract carries; the pool has checked it.
  const untyped: object = handlers
  const served = new Map(Object.entries<Handler>({ ...untyped }))
  // It lives by its link to the pool.
  void new Host({
    setup: async () => {
      await options.setup?.()
      return { handlers: served }
    },
    teardown: () => options.teardown?.(),
  })
}

/**
 * Answer this, and the value's memory moves to the caller instead of being copied; the thread cannot
 * use it any more. Without `transfer`: the value's own buffer.
 *
 * @category values
 * @since 0.1.0
 */
export const move = <A>(value: A, transfer?: ReadonlyArray<Transferable>): Moved<A> =>
  new Moved(value, transfer ?? transferOf(value))

/**
 * Whether this code runs in a worker thread.
 *
 * @category getters
 * @since 0.1.0
 */
export const isWorkerThread: boolean = threadId !== 0
