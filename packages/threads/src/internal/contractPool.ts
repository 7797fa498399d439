/** The pool of a contract for programs without Effect: promises and async iterables, which end with their signal. */
import { Effect, Exit, Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import * as EffectPool from "../Pool.ts"

/** The functions of a contract, which answer promises, or async iterables where they are streams. */
export type PromiseTasks<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: (
    payload: Rpc.PayloadConstructor<R>,
    options?: EffectPool.TaskOptions & { readonly signal?: AbortSignal },
  ) => EffectPool.IsStream<R> extends true
    ? AsyncIterable<Rpc.SuccessChunk<R>>
    : Promise<Rpc.Success<R>>
}

/** A pool for the tasks of a contract. @since 0.1.0 */
export interface ContractPool<Rpcs extends Rpc.Any> extends AsyncDisposable {
  readonly tasks: PromiseTasks<Rpcs>
  readonly stats: () => EffectPool.Stats
  readonly close: () => Promise<void>
}

type AnyCall = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown> | Stream.Stream<unknown>

interface Given {
  readonly signal?: AbortSignal
}

/** Calls back at once, or as soon as the signal aborts. Answers how to stop listening. */
const onceAborted = (signal: AbortSignal, callback: () => void): (() => void) => {
  if (signal.aborted) callback()
  else signal.addEventListener("abort", callback, { once: true })
  return () => signal.removeEventListener("abort", callback)
}

/** A promise that rejects with the signal's reason at once; the thread is freed meanwhile. */
const promised = (effect: Effect.Effect<unknown>, signal: AbortSignal | undefined) =>
  signal === undefined
    ? Effect.runPromise(effect)
    : new Promise((resolve, reject) => {
        const forget = onceAborted(signal, () => reject(signal.reason))
        Effect.runPromise(effect, { signal }).then(resolve, reject).finally(forget)
      })

const aborted = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.callback((resume) => {
    const forget = onceAborted(signal, () => resume(Effect.fail(signal.reason)))
    return Effect.sync(forget)
  })

const toPromise =
  (call: AnyCall) =>
  (payload: unknown, given: Given = {}): unknown => {
    const { signal } = given
    const result = call(payload, given)
    if (!Stream.isStream(result)) return promised(result, signal)
    return Stream.toAsyncIterable(
      signal === undefined ? result : Stream.interruptWhen(result, aborted(signal)),
    )
  }

/**
 * A pool for a contract: `Pool.make` with promises. Fulfilled when the first thread serves.
 *
 * @since 0.1.0
 */
export const createContractPool = async <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: EffectPool.Options,
): Promise<ContractPool<Rpcs>> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const made = Effect.onError(EffectPool.make(group, options), () => Scope.close(scope, Exit.void))
  const { stats, tasks } = await Effect.runPromise(Scope.provide(made, scope))
  return {
    // oxlint-disable typescript/no-unsafe-type-assertion -- as the contract says
    tasks: Object.fromEntries(
      Object.entries<AnyCall>(tasks as never).map(([name, task]) => [name, toPromise(task)]),
    ) as PromiseTasks<Rpcs>,
    // oxlint-enable typescript/no-unsafe-type-assertion
    stats: () => Effect.runSync(stats),
    close,
    [Symbol.asyncDispose]: close,
  }
}
