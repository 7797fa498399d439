/**
 * What a case file exports as its default: the work of one competitor at one workload. Types only, so
 * that a raw case loads nothing but itself:
 *
 *     import type { Case } from "@manycore/bench"
 *     export default { check, measure } satisfies Case.Case
 *
 * @since 0.1.0
 */
import type { Effect, Scope } from "effect"

/**
 * A plain value, a promise or an effect. The scope of an effect stays open from the first line of the
 * case to its end, so what `Make` acquires serves check and measure.
 *
 * @category models
 */
export type Answer<A> = A | Promise<A> | Effect.Effect<A, unknown, Scope.Scope>

/**
 * What this process was started for. `round` counts from 0; `input` is the workload's, a JSON value.
 *
 * @category models
 */
export interface Context {
  readonly workload: string
  readonly competitor: string
  readonly round: number
  readonly input: unknown
}

/**
 * One figure of one round. `value` must be finite. A metric is told by its name and unit together.
 *
 * @category models
 */
export interface Measurement {
  /** "calls per second" */
  readonly metric: string
  /** "1/s", "ms", "MiB" */
  readonly unit: string
  readonly value: number
}

/** @category models */
export interface Case {
  /** Proves that the results are right. It fails by throwing, rejecting, failing or answering `false`. */
  readonly check: (context: Context) => Answer<unknown>
  /** Runs only after `check` has passed. */
  readonly measure: (context: Context) => Answer<ReadonlyArray<Measurement>>
  /** Runs after `measure`, also when it failed. */
  readonly close?: ((context: Context) => Answer<unknown>) | undefined
}

/**
 * A case, or a function that sets one up.
 *
 * @category models
 */
export type Make = Case | ((context: Context) => Answer<Case>)
