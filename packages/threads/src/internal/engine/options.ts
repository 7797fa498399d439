/** What an engine is told when it is made; every value is checked and complete. Times are in ms. */
import type { WorkerOptions } from "node:worker_threads"

import type { Scheduling } from "../core/choose.ts"

/** What happens to a task that finds the queue full. */
export type Strategy = "suspend" | "fail" | "dropOldest" | "dropNewest"

export interface EngineOptions {
  readonly entry: URL
  /** What the pool's threads are called. */
  readonly name: string
  /** Names, limits, environment and so on of the threads. */
  readonly worker: (number: number) => WorkerOptions
  readonly minThreads: number
  readonly maxThreads: number
  /** Threads that stand by, ready. */
  readonly spares: number
  /** Async tasks of one thread at once. */
  readonly concurrency: number
  /** Tasks that may wait for a thread. */
  readonly capacity: number
  readonly strategy: Strategy
  readonly ageing: number
  readonly scheduling: Scheduling
  readonly grace: number
  /** 0: none. */
  readonly taskTimeout: number
  readonly startTimeout: number
  readonly closeTimeout: number
  readonly idleTimeout: number
  /** Replace a thread after so many tasks; 0: never. */
  readonly recycleAfter: number
  /** Bytes; 0: none. */
  readonly heapLimit: number
  readonly keepAlive: boolean
  /** Early deaths within a window after which the pool stops. */
  readonly intensity: { readonly times: number; readonly within: number }
  /** The pause after so many early deaths; undefined: give up. */
  readonly respawnDelay: (attempt: number) => number | undefined
  readonly module: string | undefined
  /** The tasks that an entry must serve; undefined: whatever it says. */
  readonly tasks: ReadonlyArray<string> | undefined
}
