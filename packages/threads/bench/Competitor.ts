/** What the bench asks of a pool, ours or another's. */
import type { Transferable } from "node:worker_threads"

import type { Task } from "./work.ts"

export interface CallOptions {
  readonly transfer?: ReadonlyArray<Transferable>
  readonly signal?: AbortSignal
}

/** One pass: `inFlight` lanes, each of which takes a seed, runs a task, hands in the result. */
export interface Pass {
  readonly task: Task
  readonly inFlight: number
  /** Seed of the next task; undefined when the time is over. */
  readonly next: () => number | undefined
  readonly ended: (seed: number, result: unknown) => void
}

export interface Runner {
  readonly run: (task: Task, payload: unknown, options?: CallOptions) => Promise<unknown>
  /** Lanes in its own way, where that is not promises. */
  readonly lanes?: (pass: Pass) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

export interface StartOptions {
  readonly threads: number
  /** Tasks that a result of bytes moves back instead of being copied. */
  readonly movesBack?: boolean
}

/** Starts a pool; fulfilled when a first task has run, or at once where the pool knows no better. */
export type Start = (options: StartOptions) => Promise<Runner> | Runner

/** Lanes of promises. */
export const promiseLanes = (
  { run }: Pick<Runner, "run">,
  { ended, inFlight, next, task }: Pass,
): Promise<unknown> => {
  const lane = async (): Promise<void> => {
    for (let seed = next(); seed !== undefined; seed = next()) {
      ended(seed, await run(task, seed))
    }
  }
  return Promise.all(Array.from({ length: inFlight }, lane))
}
