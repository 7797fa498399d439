/**
 * What the workers of one program are: what they run, when they are ready, how they end. Data only.
 *
 * @since 0.1.0
 */
import type { Duration } from "effect"

import type { Readiness } from "./Readiness.ts"
import type { RestartPolicy } from "./RestartPolicy.ts"
import type { Sizing } from "./Sizing.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface WorkerOptions {
  /** The program that each worker runs: any Node program, best one that uses `ClusterWorker`. */
  readonly program: string | URL
  /** Its arguments. Default: none. */
  readonly args?: ReadonlyArray<string>
  /** Laid over the primary's environment; undefined takes a variable away. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Options of Node itself. Default: the primary's. */
  readonly execArgv?: ReadonlyArray<string>
  /** Working directory. Default: the primary's. */
  readonly cwd?: string
  /** How many. More than there are cores is allowed, and said. Default: one per core. */
  readonly workers?: Sizing
  /** What makes a worker ready. Default `listening`. */
  readonly ready?: Readiness
  /** What follows when a worker ends by itself. Default `RestartPolicy.make()`. */
  readonly restart?: RestartPolicy
  /** How long a worker may take until it is ready; then it is ended. Default 30 seconds. */
  readonly startTimeout?: Duration.Input
  /** How long a draining worker may take for what it has. Default 30 seconds. */
  readonly drainTimeout?: Duration.Input
  /** How long a draining worker keeps idle connections open for late requests. Default 1 second. */
  readonly lameDuck?: Duration.Input
  /** What ends a worker that has drained, or whose time is up. Default SIGTERM. */
  readonly killSignal?: NodeJS.Signals
  /** How long that may take, then SIGKILL. Default 5 seconds. */
  readonly killTimeout?: Duration.Input
}
