/**
 * The pool for programs without Effect: promises, `AbortSignal`, `await using`. Tasks are the functions
 * of a module, by file and name; or those of a contract, checked and typed. It holds no logic: it makes
 * jobs for the same engine.
 *
 * A task rejects with what it threw, with `ThreadsError`, or with the reason of its signal.
 *
 * @since 0.1.0
 */
import { EventEmitter } from "node:events"
import { pathToFileURL } from "node:url"
import type { Transferable } from "node:worker_threads"

import { Effect, Exit, Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { Moved } from "./bare.ts"
import { callerStack } from "./internal/callerStack.ts"
import { Engine } from "./internal/engine/Engine.ts"
import { snapshot } from "./internal/engine/snapshot.ts"
import { fileOf, type ThreadOptions, toEngineOptions } from "./internal/poolOptions.ts"
import { PromiseJob } from "./internal/PromiseJob.ts"
import { toRespawning } from "./internal/respawning.ts"
import type { Extra } from "./internal/wire/protocol.ts"
import * as EffectPool from "./Pool.ts"

export { isWorkerThread, move } from "./bare.ts"
export { ThreadsError } from "./ThreadsError.ts"

/** @since 0.1.0 */
export interface PoolOptions extends Omit<ThreadOptions, "name"> {
  /** The module whose functions are the tasks: a path or a URL. */
  readonly filename: string | URL
  /** The function that runs when a call names none. Default `default`. */
  readonly name?: string
  /** What a profiler calls the threads. Default `manycore`. */
  readonly threadName?: string
}

/** @since 0.1.0 */
export interface RunOptions {
  /** The function of the module. */
  readonly name?: string
  /** Another module. */
  readonly filename?: string | URL
  /** Aborting it rejects the call at once, and frees the thread. */
  readonly signal?: AbortSignal
  /** What moves to the thread instead of being copied; `move(payload)` says the same. */
  readonly transferList?: ReadonlyArray<Transferable>
  readonly priority?: number
  readonly affinity?: string
  /** Told what the task says with `context.progress`. */
  readonly onProgress?: (value: unknown) => void
}

/** The functions of a contract, which answer promises, or async iterables where they are streams. */
export type PromiseTasks<Rpcs extends Rpc.Any> = {
  readonly [R in Rpcs as R["_tag"]]: (
    payload: Rpc.PayloadConstructor<R>,
    options?: EffectPool.TaskOptions & { readonly signal?: AbortSignal },
  ) => EffectPool.IsStream<R> extends true
    ? AsyncIterable<Rpc.SuccessChunk<R>>
    : Promise<Rpc.Success<R>>
}

const moduleEntry = new URL(
  import.meta.url.endsWith(".ts")
    ? "./internal/host/module.thread.ts"
    : "./internal/host/module.thread.js",
  import.meta.url,
)

const toUrl = (file: string | URL): URL =>
  file instanceof URL || file.startsWith("file:") ? new URL(file) : pathToFileURL(file)

const abortable: Extra = { abortable: true }

/** Emits `drain` when the queue is empty again after it was full. @since 0.1.0 */
export class Pool extends EventEmitter<{ drain: [] }> implements AsyncDisposable {
  private readonly engine: Engine
  private readonly name: string

  /** Throws `ThreadsError` for options that make no sense and for a module that is not there. */
  constructor({ filename, name = "default", threadName, ...options }: PoolOptions) {
    super()
    const url = toUrl(filename)
    fileOf(url)
    this.name = name
    const given = { ...options, ...(threadName === undefined ? {} : { name: threadName }) }
    this.engine = new Engine(
      toEngineOptions(moduleEntry, given, toRespawning({}), { module: url.href }),
      { onDrain: () => this.emit("drain") },
    )
  }

  /** Run a task: the module's function, called with `payload` and its `Context`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- without a contract nobody knows what comes
  run(payload?: unknown, options?: RunOptions): Promise<any> {
    const { engine } = this
    const name = options?.name ?? this.name
    const task = options?.filename === undefined ? name : `${toUrl(options.filename).href}#${name}`
    const isMoved = payload instanceof Moved
    const sent: unknown = isMoved ? payload.value : payload
    const transfer = isMoved ? payload.transfer : options?.transferList
    const caller = callerStack(engine, task)
    const signal = options?.signal
    return new Promise((resolve, reject) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whoever aborts says why
      if (signal?.aborted === true) return reject(signal.reason)
      const extra = signal === undefined ? undefined : abortable
      const priority = options?.priority ?? 0
      const job = new PromiseJob(task, sent, transfer, extra, priority, caller, resolve, reject)
      if (options !== undefined) this.prepare(job, options)
      engine.submit(job)
    })
  }

  private prepare(job: PromiseJob, { affinity, onProgress, signal }: RunOptions): void {
    const { engine } = this
    if (affinity !== undefined) job.place = engine.placeOf(affinity)
    job.onProgress = onProgress
    if (signal === undefined) return
    const onAbort = () => {
      engine.cancel(job)
      job.reject(signal.reason)
    }
    signal.addEventListener("abort", onAbort, { once: true })
    job.onSettled = () => signal.removeEventListener("abort", onAbort)
  }

  /** Whether tasks wait that found no thread free. */
  get queueSize(): number {
    return this.engine.backlog.size
  }

  stats(): EffectPool.Stats {
    return snapshot(this.engine)
  }

  /** Let tasks finish for `closeTimeout`, then end every thread. */
  close(): Promise<void> {
    return this.engine.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** A pool for the tasks of a contract. @since 0.1.0 */
export interface ContractPool<Rpcs extends Rpc.Any> extends AsyncDisposable {
  readonly tasks: PromiseTasks<Rpcs>
  readonly stats: () => EffectPool.Stats
  readonly close: () => Promise<void>
}

/**
 * A pool for the functions of a module; its threads start at once.
 *
 * @since 0.1.0
 */
export const createPool = (options: PoolOptions): Pool => new Pool(options)

type AnyTask = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown> | Stream.Stream<unknown>

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
  const toPromise = (task: AnyTask) => (payload: unknown, given?: { signal?: AbortSignal }) => {
    const result = task(payload, given)
    if (Stream.isStream(result)) return Stream.toAsyncIterable(result)
    return Effect.runPromise(result, given)
  }
  return {
    // oxlint-disable typescript/no-unsafe-type-assertion -- as the contract says
    tasks: Object.fromEntries(
      Object.entries<AnyTask>(tasks as never).map(([name, task]) => [name, toPromise(task)]),
    ) as PromiseTasks<Rpcs>,
    // oxlint-enable typescript/no-unsafe-type-assertion
    stats: () => Effect.runSync(stats),
    close,
    [Symbol.asyncDispose]: close,
  }
}
