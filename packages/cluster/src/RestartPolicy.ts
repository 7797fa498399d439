/**
 * When a worker that died is started again: at once the first time, then with a growing delay.
 * Arithmetic only; the Supervisor does the waiting.
 *
 * @since 0.1.0
 */
import { Duration } from "effect"

/**
 * @category models
 * @since 0.1.0
 */
export interface RestartPolicy {
  /** Delay before the second restart in a row. Default 100 ms. */
  readonly initialDelay: Duration.Duration
  /** Each further delay is this many times longer. At least 1. Default 2. */
  readonly factor: number
  /** No delay is longer. Default 5 s. */
  readonly maxDelay: Duration.Duration
  /** A worker that lived this long was stable: its next crash counts as the first. Default 10 s. */
  readonly stableAfter: Duration.Duration
}

/**
 * A policy; what is not given takes its default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: {
    readonly initialDelay?: Duration.Input
    readonly factor?: number
    readonly maxDelay?: Duration.Input
    readonly stableAfter?: Duration.Input
  } = {},
): RestartPolicy => ({
  initialDelay: Duration.fromInputUnsafe(options.initialDelay ?? "100 millis"),
  factor: options.factor ?? 2,
  maxDelay: Duration.fromInputUnsafe(options.maxDelay ?? "5 seconds"),
  stableAfter: Duration.fromInputUnsafe(options.stableAfter ?? "10 seconds"),
})

/**
 * How many crashes in a row a worker has had, after one more.
 *
 * @param crashes crashes in a row before this one, from 0
 * @param lifetime how long the worker lived, in ms
 * @category policy
 * @since 0.1.0
 */
export const crashesInARow = (policy: RestartPolicy, crashes: number, lifetime: number): number =>
  lifetime >= Duration.toMillis(policy.stableAfter) ? 1 : crashes + 1

/**
 * How long to wait, in ms, before the restart after `crashes` crashes in a row: 0, then
 * `initialDelay * factor^(crashes - 2)`, at most `maxDelay`.
 *
 * @param crashes from 1
 * @category policy
 * @since 0.1.0
 */
export const delay = (policy: RestartPolicy, crashes: number): number =>
  crashes <= 1
    ? 0
    : Math.min(
        Duration.toMillis(policy.initialDelay) * policy.factor ** (crashes - 2),
        Duration.toMillis(policy.maxDelay),
      )
