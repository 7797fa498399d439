/**
 * Whether and when a worker that ended by itself is started again: at once the first time, then on a
 * Schedule; never, when it is done; no more, when it crashes early too often. Decides only; the
 * Supervisor does the waiting.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Schedule, Schema } from "effect"

/**
 * Which ends of a worker are followed by a new start: `permanent`, all of them; `transient`, those
 * with a signal or an exit code other than 0; `temporary`, none.
 *
 * @category models
 * @since 0.1.0
 */
export const Type = Schema.Literals(["permanent", "transient", "temporary"])

/**
 * @category models
 * @since 0.1.0
 */
export type Type = typeof Type.Type

/**
 * @category models
 * @since 0.1.0
 */
export interface RestartPolicy {
  /** Default `permanent`. */
  readonly type: Type
  /** Exit codes that mean done, whatever the type. Default: none. */
  readonly doneExitCodes: ReadonlyArray<number>
  /**
   * Delays before the second restart in a row and the later ones; when it ends, the worker is given
   * up. Default `defaultBackoff`.
   */
  readonly backoff: Schedule.Schedule<unknown>
  /** A worker that was ready for so long was stable: its next crash is the first. Default 10 s. */
  readonly stableAfter: Duration.Duration
  /** A crash is early when it comes before the worker was ready, or so soon after. Default 1 s. */
  readonly early: Duration.Duration
  /** More early crashes than `crashes` in `within`, and the worker is given up. Default 10 in 60 s. */
  readonly intensity: { readonly crashes: number; readonly within: Duration.Duration }
}

/**
 * From 100 ms, twice as long each time, at most 5 s, and each of them up to a fifth shorter or longer.
 *
 * @category policy
 * @since 0.1.0
 */
export const defaultBackoff: Schedule.Schedule<unknown> = Schedule.exponential("100 millis").pipe(
  Schedule.modifyDelay(({ duration }) =>
    Effect.succeed(Duration.min(duration, Duration.seconds(5))),
  ),
  Schedule.jittered,
)

/**
 * What can be said of a policy; the rest takes its default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly type?: Type
  readonly doneExitCodes?: ReadonlyArray<number>
  readonly backoff?: Schedule.Schedule<unknown>
  readonly stableAfter?: Duration.Input
  readonly early?: Duration.Input
  readonly intensity?: { readonly crashes: number; readonly within: Duration.Input }
}

/**
 * A policy; what is not given takes its default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): RestartPolicy => ({
  type: options.type ?? "permanent",
  doneExitCodes: options.doneExitCodes ?? [],
  backoff: options.backoff ?? defaultBackoff,
  stableAfter: Duration.fromInputUnsafe(options.stableAfter ?? "10 seconds"),
  early: Duration.fromInputUnsafe(options.early ?? "1 second"),
  intensity: {
    crashes: options.intensity?.crashes ?? 10,
    within: Duration.fromInputUnsafe(options.intensity?.within ?? "60 seconds"),
  },
})

/**
 * What a policy remembers of a worker's place. Times in ms; `early` holds no more than
 * `intensity.crashes + 1` of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface History {
  readonly crashesInARow: number
  readonly early: ReadonlyArray<number>
}

/**
 * @category models
 * @since 0.1.0
 */
export const noHistory: History = { crashesInARow: 0, early: [] }

/**
 * How a worker ended by itself. `readyFor` is how long it had been ready, in ms; null when it never was.
 *
 * @category models
 * @since 0.1.0
 */
export interface End {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly readyFor: number | null
  /** In ms. */
  readonly now: number
}

/**
 * @category models
 * @since 0.1.0
 */
export type Decision =
  /** Its work is done, or it is not to be started again. */
  | { readonly _tag: "Done" }
  /** Start it again: at once, or after the next delay of `backoff`. */
  | { readonly _tag: "Restart"; readonly history: History; readonly immediately: boolean }
  /** It crashed early too often. */
  | { readonly _tag: "GiveUp"; readonly history: History }

/**
 * Whether a crash counts toward the intensity.
 *
 * @category policy
 * @since 0.1.0
 */
export const isEarly = (policy: RestartPolicy, readyFor: number | null): boolean =>
  readyFor === null || readyFor < Duration.toMillis(policy.early)

const isDone = (policy: RestartPolicy, { exitCode, signal }: End): boolean => {
  if (signal === null && exitCode !== null && policy.doneExitCodes.includes(exitCode)) return true
  return (
    policy.type === "temporary" ||
    (policy.type === "transient" && signal === null && exitCode === 0)
  )
}

/**
 * What follows the end of a worker.
 *
 * @category policy
 * @since 0.1.0
 */
export const decide = (policy: RestartPolicy, history: History, end: End): Decision => {
  if (isDone(policy, end)) return { _tag: "Done" }
  const since = end.now - Duration.toMillis(policy.intensity.within)
  const recent = history.early.filter((at) => at > since)
  const early = isEarly(policy, end.readyFor) ? [...recent, end.now] : recent
  const wasStable = (end.readyFor ?? 0) >= Duration.toMillis(policy.stableAfter)
  const crashesInARow = wasStable ? 1 : history.crashesInARow + 1
  const next = { crashesInARow, early }
  return early.length > policy.intensity.crashes
    ? { _tag: "GiveUp", history: next }
    : { _tag: "Restart", history: next, immediately: crashesInARow === 1 }
}
