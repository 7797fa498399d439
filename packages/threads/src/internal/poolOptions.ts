/** What a user may say about a pool, and how it becomes what the engine is told: checked, complete. */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { ResourceLimits, WorkerOptions } from "node:worker_threads"

import { Duration } from "effect"

import { EntryNotFound, InvalidOption, ThreadsError } from "../ThreadsError.ts"
import type { Scheduling } from "./core/choose.ts"
import type { EngineOptions, Strategy } from "./engine/options.ts"

/** The options that all faces of a pool have in common. */
export interface ThreadOptions {
  /** How many threads. Default `os.availableParallelism()`. */
  readonly size?: number
  /** Fewest threads, where the number may change. Default `size`. */
  readonly minThreads?: number
  /** Most threads, where the number may change. Default `size`. */
  readonly maxThreads?: number
  /** After how long a thread beyond `minThreads` that has nothing to do goes. Default 10 seconds. */
  readonly idleTimeout?: Duration.Input
  /** Threads that stand by, ready to replace one that ends. Default 0. */
  readonly spares?: number
  /** Async tasks that one thread runs at once. Default 1. */
  readonly concurrency?: number
  /** What a profiler calls the threads. Default `manycore`. */
  readonly name?: string
  readonly queue?: {
    /** Tasks that may wait for a thread. Default 16384. */
    readonly capacity?: number
    /**
     * What becomes of a task that finds the queue full: it waits for room (`suspend`, the default),
     * fails with `QueueFull` (`fail`), or the oldest or the newest fails with `Dropped`.
     */
    readonly strategy?: Strategy
    /** Waiting for so long counts as one priority. Default 1 second. */
    readonly ageing?: Duration.Input
  }
  /** Which thread gets the next task. Default `leastBusy`. */
  readonly scheduling?: Scheduling
  /** How long a cancelled task may take to end before its thread is replaced. Default 100 ms. */
  readonly grace?: Duration.Input
  /** How long a task may take, its time in the queue included. Default: as long as it likes. */
  readonly taskTimeout?: Duration.Input
  /** How long a thread may take until it serves. Default 10 seconds. */
  readonly startTimeout?: Duration.Input
  /** How long tasks in flight may take when the pool closes. Default 5 seconds. */
  readonly closeTimeout?: Duration.Input
  /** When a thread is replaced although it is well. */
  readonly recycle?: {
    /** After so many tasks. */
    readonly afterTasks?: number
    /** When its heap holds more MiB than this. */
    readonly heapLimit?: number
  }
  /** Keep the process alive also while the pool has nothing to do. Default false. */
  readonly keepAlive?: boolean
  /** Limits of a thread's memory, in MiB; over them it ends, and its task fails. */
  readonly resourceLimits?: ResourceLimits
  /** The threads' `process.env`. Default: a copy of this thread's. */
  readonly env?: WorkerOptions["env"]
  /** Options of Node for the threads. Default: those of this process. */
  readonly execArgv?: ReadonlyArray<string>
  readonly argv?: ReadonlyArray<string>
  /** What threads find as `workerData`. */
  readonly workerData?: unknown
}

/** The pauses before a thread that died early is replaced, and when to give up. */
export interface Respawning {
  readonly delay: (attempt: number) => number | undefined
  readonly times: number
  readonly within: number
}

const invalid = (option: string, value: unknown, expected: string): ThreadsError =>
  new ThreadsError({ reason: new InvalidOption({ option, value, expected }) })

const whole = (option: string, value: number | undefined, fallback: number, least: number) => {
  const given = value ?? fallback
  if (!Number.isInteger(given) || given < least) {
    throw invalid(option, given, `a whole number from ${least}`)
  }
  return given
}

const positive = (option: string, value: number | undefined): number => {
  if (value !== undefined && !(Number.isFinite(value) && value > 0))
    throw invalid(option, value, "a number over 0")
  return value ?? 0
}

/** ms, at most what a timer can wait. */
const millis = (option: string, value: Duration.Input | undefined, fallback: number): number => {
  if (value === undefined) return fallback
  const given = Duration.fromInput(value)
  const time = given._tag === "Some" ? Duration.toMillis(given.value) : Number.NaN
  const isNegative = typeof value === "number" && !(value >= 0)
  if (isNegative || !(time >= 0)) throw invalid(option, value, "a duration from 0")
  return Math.min(time, 2 ** 31 - 1)
}

const oneOf = (option: string, value: unknown, allowed: ReadonlyArray<string>): void => {
  if (value === undefined || (typeof value === "string" && allowed.includes(value))) return
  throw invalid(option, value, `one of ${allowed.join(", ")}`)
}

const schedulingOf = (value: Scheduling | undefined): Scheduling => {
  if (typeof value === "function") return value
  oneOf("scheduling", value, ["leastBusy", "roundRobin", "a function"])
  return value ?? "leastBusy"
}

/** MiB. With a smaller old generation V8 ends the whole process when such a thread starts (Node 26). */
const smallestHeap = 4

const limitsOf = (limits: ResourceLimits | undefined): ResourceLimits | undefined => {
  for (const [name, value] of Object.entries(limits ?? {})) {
    const option = `resourceLimits.${name}`
    positive(option, value)
    if (name === "maxOldGenerationSizeMb" && value < smallestHeap) {
      throw invalid(option, value, `a number from ${smallestHeap}: less would end the process`)
    }
  }
  return limits
}

/** The path of an entry file that exists. */
export const fileOf = (entry: URL): string => {
  if (!(entry instanceof URL)) {
    throw invalid("entry", entry, 'a URL, such as new URL("./tasks.js", import.meta.url)')
  }
  if (entry.protocol !== "file:") return entry.href
  const file = fileURLToPath(entry)
  if (!existsSync(file)) throw new ThreadsError({ reason: new EntryNotFound({ file }) })
  return file
}

/** The URL of a module that is given by path or URL. */
export const moduleUrl = (filename: string | URL): URL => {
  if (filename instanceof URL) return filename
  if (typeof filename !== "string") throw invalid("filename", filename, "a path or a URL")
  return filename.startsWith("file:") ? new URL(filename) : pathToFileURL(filename)
}

/** The name of a module's function. */
export const nameOf = (name: string): string => {
  if (typeof name !== "string") throw invalid("name", name, "the name of a function")
  return name
}

/** Throws `ThreadsError` for what makes no sense. */
export const toEngineOptions = (
  entry: URL,
  options: ThreadOptions,
  respawning: Respawning,
  what: {
    readonly tasks?: ReadonlyArray<string> | undefined
    readonly module?: string | undefined
  },
): EngineOptions => {
  const size = whole("size", options.size, availableParallelism(), 1)
  const minThreads = whole(
    "minThreads",
    options.minThreads,
    Math.min(size, options.maxThreads ?? size),
    1,
  )
  const maxThreads = whole("maxThreads", options.maxThreads, Math.max(size, minThreads), minThreads)
  const queue = options.queue ?? {}
  oneOf("queue.strategy", queue.strategy, ["suspend", "fail", "dropOldest", "dropNewest"])
  const { argv, env, execArgv, workerData } = options
  const resourceLimits = limitsOf(options.resourceLimits)
  const name = options.name ?? "manycore"
  return {
    entry,
    name,
    worker: (number) => ({
      name: `${name}-${number}`,
      ...(env === undefined ? {} : { env }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(argv === undefined ? {} : { argv: [...argv] }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(workerData === undefined ? {} : { workerData }),
    }),
    minThreads,
    maxThreads,
    spares: whole("spares", options.spares, 0, 0),
    concurrency: whole("concurrency", options.concurrency, 1, 1),
    capacity:
      queue.capacity === Number.POSITIVE_INFINITY
        ? queue.capacity
        : whole("queue.capacity", queue.capacity, 16_384, 0),
    strategy: queue.strategy ?? "suspend",
    ageing: Math.max(1e-3, millis("queue.ageing", queue.ageing, 1000)),
    scheduling: schedulingOf(options.scheduling),
    grace: millis("grace", options.grace, 100),
    taskTimeout: millis("taskTimeout", options.taskTimeout, 0),
    startTimeout: millis("startTimeout", options.startTimeout, 10_000),
    closeTimeout: millis("closeTimeout", options.closeTimeout, 5000),
    idleTimeout: millis("idleTimeout", options.idleTimeout, 10_000),
    recycleAfter: whole("recycle.afterTasks", options.recycle?.afterTasks, 0, 0),
    heapLimit: positive("recycle.heapLimit", options.recycle?.heapLimit) * 1024 * 1024,
    keepAlive: options.keepAlive ?? false,
    intensity: respawning,
    respawnDelay: respawning.delay,
    module: what.module,
    tasks: what.tasks,
  }
}
