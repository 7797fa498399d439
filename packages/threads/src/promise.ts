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
import type { Transferable } from "node:worker_threads"

import { Moved } from "./bare.ts"
import { callerStack } from "./internal/callerStack.ts"
import { Engine } from "./internal/engine/Engine.ts"
import { snapshot } from "./internal/engine/snapshot.ts"
import { wrongPriority } from "./internal/outcome.ts"
import {
  fileOf,
  moduleUrl,
  nameOf,
  type ThreadOptions,
  toEngineOptions,
} from "./internal/poolOptions.ts"
import { PromiseJob } from "./internal/PromiseJob.ts"
import { toRespawning } from "./internal/respawning.ts"
import type { Extra } from "./internal/wire/protocol.ts"
import type { Stats } from "./Pool.ts"

export { isWorkerThread, move } from "./bare.ts"
export {
  type ContractPool,
  createContractPool,
  type PromiseTasks,
} from "./internal/contractPool.ts"
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

const moduleEntry = new URL(
  import.meta.url.endsWith(".ts")
    ? "./internal/host/module.thread.ts"
    : "./internal/host/module.thread.js",
  import.meta.url,
)

const abortable: Extra = { abortable: true }

/** Emits `drain` when the queue is empty again after it was full. @since 0.1.0 */
export class Pool extends EventEmitter<{ drain: [] }> implements AsyncDisposable {
  private readonly engine: Engine
  private readonly name: string
  private readonly file: string

  /** Throws `ThreadsError` for options that make no sense and for a module that is not there. */
  constructor({ filename, name = "default", threadName, ...options }: PoolOptions) {
    super()
    const url = moduleUrl(filename)
    this.file = fileOf(url)
    this.name = nameOf(name)
    const given = { ...options, ...(threadName === undefined ? {} : { name: threadName }) }
    this.engine = new Engine(
      toEngineOptions(moduleEntry, given, toRespawning({}), { module: url.href }),
      // Later: what a listener throws is no affair of the tasks that are being handed out.
      { onDrain: () => queueMicrotask(() => this.emit("drain")) },
    )
  }

  /** Run a task: the module's function, called with `payload` and its `Context`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- without a contract nobody knows what comes
  run(payload?: unknown, options?: RunOptions): Promise<any> {
    return new Promise((resolve, reject) => {
      const signal = options?.signal
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whoever aborts says why
      if (signal?.aborted === true) return reject(signal.reason)
      const wrong = wrongPriority(options?.priority)
      if (wrong !== undefined) return reject(wrong)
      this.engine.submit(this.jobOf(payload, options, resolve, reject))
    })
  }

  private jobOf(
    payload: unknown,
    options: RunOptions | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): PromiseJob {
    const { engine, file } = this
    const name = options?.name === undefined ? this.name : nameOf(options.name)
    const task =
      options?.filename === undefined ? name : `${moduleUrl(options.filename).href}#${name}`
    const isMoved = payload instanceof Moved
    const sent: unknown = isMoved ? payload.value : payload
    const transfer = isMoved ? payload.transfer : options?.transferList
    const extra = options?.signal === undefined ? undefined : abortable
    const priority = options?.priority ?? 0
    // oxlint-disable-next-line typescript/unbound-method -- it is not called: the stack begins below it
    const caller = callerStack(engine, task, this.run)
    const job = new PromiseJob(file, task, sent, transfer, extra, priority, caller, resolve, reject)
    if (options !== undefined) this.prepare(job, options)
    return job
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

  /** How many tasks wait that found no thread free. */
  get queueSize(): number {
    return this.engine.backlog.size
  }

  stats(): Stats {
    return snapshot(this.engine)
  }

  /** Let tasks finish for `closeTimeout`, then end every thread. */
  close(): Promise<void> {
    return this.engine.close()
  }

  /** End every thread now. Tasks that have no outcome reject with `PoolClosed`. */
  destroy(): Promise<void> {
    return this.engine.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * A pool for the functions of a module; its threads start at once.
 *
 * @since 0.1.0
 */
export const createPool = (options: PoolOptions): Pool => new Pool(options)
