/**
 * How a supervisor is set up, and what may change while it runs. Data only.
 *
 * @since 0.1.0
 */
import type { Scheduling } from "./Scheduling.ts"
import type { Sizing } from "./Sizing.ts"
import type { WorkerOptions } from "./WorkerOptions.ts"

/**
 * What concerns all workers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Common {
  /** Who hands connections to workers. Default `leastConnections`. Fixed at the first fork. */
  readonly scheduling?: Scheduling
  /**
   * How many connections may wait in the primary while no worker can take one; what comes then is
   * closed. With `leastConnections`. Default 4096.
   */
  readonly mostQueued?: number
}

/**
 * A supervisor of one program.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends WorkerOptions, Common {}

/**
 * Workers of one program among others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Group extends WorkerOptions {
  /** Unique in the supervisor. */
  readonly name: string
}

/**
 * What follows a crash for workers of other groups: nothing; all of them start anew; those of the
 * groups after it start anew. With the latter two a group starts when the groups before it are ready.
 *
 * @category models
 * @since 0.1.0
 */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne"

/**
 * A supervisor of several programs.
 *
 * @category models
 * @since 0.1.0
 */
export interface GroupOptions extends Common {
  /** At least one; the order counts for `strategy`. */
  readonly groups: ReadonlyArray<Group>
  /** Default `oneForOne`. */
  readonly strategy?: Strategy
}

/**
 * What a reload changes. What is not given stays as it is when this reload begins; `env` and `args` that
 * are given are all there is.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReloadOptions extends Omit<Partial<WorkerOptions>, "workers"> {
  /** Which group. Default: the only one. */
  readonly group?: string
  /** How many processes there may be beyond the number of workers. Default 1. */
  readonly surge?: number
  /** How many workers may be missing meanwhile. Default 0. */
  readonly unavailable?: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ScaleOptions {
  /** Which group. Default: the only one. */
  readonly group?: string
}

/**
 * Which workers: one, those of a group, or all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Which {
  readonly id?: number
  readonly group?: string
}

export type { Sizing }
