/**
 * A pool of worker threads that runs the tasks of a contract.
 *
 * The pool owns its threads: it starts them, hands them tasks in batches, replaces one that dies, and
 * ends all of them. What a task does is the entry file's business: `ThreadEntry` with Effect,
 * `@manycore/threads/bare` without.
 *
 * Shutdown, when the Scope closes:
 * 1. New tasks fail with `PoolClosed`; those that were accepted get `closeTimeout` to finish.
 * 2. Then each thread is told to tear down and go; what has no outcome by the end of `closeTimeout`
 *    fails with `PoolClosed`, and threads that are left are terminated.
 * 3. The Scope is closed only when every thread is gone.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import { Deferred, Effect, type Scope, type Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcSchema from "effect/rpc/RpcSchema"

import { makeBroadcast, makeCalls } from "./internal/calls.ts"
import { carryingOf } from "./internal/carrying.ts"
import { rpcsOf } from "./internal/codecs.ts"
import { Engine } from "./internal/engine/Engine.ts"
import type { EngineOptions } from "./internal/engine/options.ts"
import { snapshot } from "./internal/engine/snapshot.ts"
import type { Stats } from "./internal/engine/snapshot.ts"
import { setEngine } from "./internal/engines.ts"
import { startError } from "./internal/outcome.ts"
import { fileOf, type ThreadOptions, toEngineOptions } from "./internal/poolOptions.ts"
import { type Respawn, toRespawning } from "./internal/respawning.ts"
import { InvalidOption, ThreadsError } from "./ThreadsError.ts"

export type { Candidate, Scheduling } from "./internal/core/choose.ts"
export type { Stats, ThreadStats } from "./internal/engine/snapshot.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options extends ThreadOptions {
  /** The file that each thread runs: it calls `ThreadEntry.run`, or `serve` of the bare entry. */
  readonly entry: URL
  /**
   * What happens when threads die before they have done anything: the pauses before they are
   * replaced, and how many such deaths, `times`, within which time stop the pool with `GaveUp`.
   * Default: from 50 ms on, doubled each time; 5 times within 10 seconds.
   */
  readonly respawn?: Respawn
}

/**
 * What a caller may say about one task.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskOptions {
  /** The larger goes first. Waiting raises it by one for each `queue.ageing`. Default 0. */
  readonly priority?: number
  /** Tasks with the same key run on the same thread, for as long as it lives. */
  readonly affinity?: string
  /** What moves to the thread instead of being copied, besides what the contract declares. */
  readonly transfer?: ReadonlyArray<Transferable>
  /**
   * Told what a bare handler says with `context.progress`, as it is: no Schema checks it. Handlers with
   * Effects answer a stream instead.
   */
  readonly onProgress?: (value: unknown) => void
}

/** The function of one task. */
type TaskOf<R extends Rpc.Any> =
  IsStream<R> extends true
    ? Call<R, Stream.Stream<Rpc.SuccessChunk<R>, Rpc.ErrorExit<R> | ThreadsError>>
    : Call<R, Effect.Effect<Rpc.Success<R>, Rpc.Error<R> | ThreadsError>>

/**
 * Whether a task answers a stream. By the Schema: one that may answer anything is none.
 *
 * @category models
 * @since 0.1.0
 */
export type IsStream<R> =
  R extends Rpc.Rpc<infer _Tag, infer _Payload, infer Success, infer _Error, infer _Middleware>
    ? Success extends RpcSchema.Stream<infer _A, infer _E>
      ? true
      : false
    : false

/** A payload that may be left away where the contract has none, or none that is required. */
type Call<R extends Rpc.Any, A> = (
  ...args: void extends Rpc.PayloadConstructor<R>
    ? [payload?: Rpc.PayloadConstructor<R>, options?: TaskOptions]
    : [payload: Rpc.PayloadConstructor<R>, options?: TaskOptions]
) => A

/**
 * The tasks of a contract: one function per rpc, an Effect or a Stream, which fails with the task's
 * own error or with `ThreadsError`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tasks<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: TaskOf<R>
}

/**
 * The tasks that answer once, run on every thread: all answers, or the first failure.
 *
 * @category models
 * @since 0.1.0
 */
export type Broadcast<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as IsStream<R> extends true ? never : R["_tag"]]: Call<
    R,
    Effect.Effect<Array<Rpc.Success<R>>, Rpc.Error<R> | ThreadsError>
  >
}

/**
 * Any pool, whatever its tasks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  /** What the pool has done so far; `PoolMetrics` tells the same as Effect Metrics. */
  readonly stats: Effect.Effect<Stats>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Pool<Rpcs extends Rpc.Any> extends Any {
  /**
   * Run a task on a thread that has room. Interrupting it interrupts its handler; a task that does
   * not end within `grace` costs its thread, also one that is stuck in a loop, and a new one takes
   * its place.
   */
  readonly tasks: Tasks<Rpcs>
  /**
   * Run a task on every thread that the pool has, also on those that are still starting: to set them
   * up, or to ask each of them. A thread that is started later does not hear of it: what every thread
   * needs is the business of its entry.
   */
  readonly broadcast: Broadcast<Rpcs>
}

/** Middleware would have to run in both places: a pool has no place for it. */
const refuseMiddleware = (group: RpcGroup.Any): void => {
  const found = rpcsOf(group).find((rpc) => rpc.middlewares.size > 0)
  if (found === undefined) return
  throw new ThreadsError({
    reason: new InvalidOption({
      option: "group",
      value: found._tag,
      expected: "a contract without middleware",
    }),
  })
}

/** Suspends until the first thread serves; fails when the pool has stopped before. */
const started = (file: string, options: EngineOptions) =>
  Effect.gen(function* () {
    const ready = yield* Deferred.make<void, ThreadsError>()
    const engine = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Engine(options, {
            onReady: () => Deferred.doneUnsafe(ready, Effect.void),
            onGaveUp: (why) => Deferred.doneUnsafe(ready, Effect.fail(startError(file, why))),
          }),
      ),
      (made) => Effect.promise(() => made.close()),
    )
    yield* Deferred.await(ready)
    return engine
  })

/**
 * Start a pool. Succeeds when the first thread serves; fails with `InvalidOption`, `EntryNotFound`,
 * `TaskNotServed` or `StartFailed`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fn("Pool.make")(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: Options,
): Effect.fn.Return<Pool<Rpcs>, ThreadsError, Scope.Scope> {
  const rpcs = rpcsOf(group)
  const { engineOptions, file } = yield* Effect.try({
    try: () => {
      refuseMiddleware(group)
      const tasks = rpcs.map((rpc) => rpc._tag)
      return {
        engineOptions: toEngineOptions(
          options.entry,
          options,
          toRespawning(options.respawn ?? {}),
          {
            tasks,
          },
        ),
        file: fileOf(options.entry),
      }
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it throws nothing else
    catch: (error) => error as ThreadsError,
  })
  const engine = yield* started(file, engineOptions)
  const calls = { engine, file, carrying: carryingOf(group) }
  const pool: Pool<Rpcs> = {
    // oxlint-disable typescript/no-unsafe-type-assertion -- as the contract says
    tasks: makeCalls(calls, rpcs) as Tasks<Rpcs>,
    broadcast: makeBroadcast(calls, rpcs) as Broadcast<Rpcs>,
    // oxlint-enable typescript/no-unsafe-type-assertion
    stats: Effect.sync(() => snapshot(engine)),
  }
  return setEngine(pool, engine)
})
