/**
 * Waiting for something to become true, in real time and with a deadline: the replacement of every bare
 * sleep. Owns the polling and the message of the failure; what is looked at is the caller's probe.
 * Starts nothing that outlives the wait: a probe still running at the deadline is interrupted.
 *
 * @since 0.1.0
 */
import { inspect } from "node:util"

import { Cause, Duration, Effect, Schema } from "effect"

import { now, sleep } from "./internal/realTime.ts"

/**
 * What was awaited did not become true before the deadline. The message names it, the time waited, the
 * last value or error of the probe and the printed state.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConditionNotMet extends Schema.TaggedError<ConditionNotMet>()("ConditionNotMet", {
  what: Schema.String,
  waitedMillis: Schema.Finite,
  last: Schema.String,
  state: Schema.String,
}) {
  override get message(): string {
    const state = this.state === "" ? "" : `\nstate: ${this.state}`
    return `not met after ${this.waitedMillis} ms: ${this.what}\nlast probe: ${this.last}${state}`
  }
}

/** @category models */
export interface Options {
  /** When to give up. Default 5 seconds. The probe always runs at least once. */
  readonly deadline?: Duration.Input | undefined
  /** The pause between two probes. Default 10 millis. */
  readonly every?: Duration.Input | undefined
  /** Printed into the failure: whatever helps to see why the condition does not hold. */
  readonly state?: (() => unknown) | undefined
}

type Truthy<A> = Exclude<A, undefined | null | false | 0 | "" | void>

type Outcome =
  | { readonly _tag: "Value"; readonly value: unknown }
  | { readonly _tag: "Error"; readonly error: unknown }

const print = (value: unknown): string =>
  typeof value === "string"
    ? value
    : inspect(value, { depth: 6, breakLength: 100, maxStringLength: 4000 })

const printOutcome = (outcome: Outcome): string =>
  outcome._tag === "Error"
    ? `failed with ${print(outcome.error)}`
    : `answered ${print(outcome.value)}`

const printState = (state: (() => unknown) | undefined): string => {
  if (state === undefined) return ""
  try {
    return print(state())
  } catch (error) {
    return `(state() threw ${print(error)})`
  }
}

/** One run of the probe. Whatever goes wrong in it is an outcome, to be tried again. */
const ask = (probe: () => unknown): Effect.Effect<Outcome, never, unknown> =>
  Effect.suspend(() => {
    const answer = probe()
    return Effect.isEffect(answer) ? answer : Effect.promise(() => Promise.resolve(answer))
  }).pipe(
    Effect.matchCause({
      onSuccess: (value): Outcome => ({ _tag: "Value", value }),
      onFailure: (cause): Outcome => ({ _tag: "Error", error: Cause.squash(cause) }),
    }),
  )

/**
 * Succeeds with the first truthy answer of `probe`. A probe that throws, rejects or fails counts as "not
 * yet". Runs in real time, also under `it.effect`.
 *
 * Fails with `ConditionNotMet` at the deadline.
 *
 * @param what the condition in words, for the failure: "both workers are ready"
 * @param probe gives a value, a promise or an effect; `undefined`, `null`, `false`, `0`, `""` mean "not yet"
 * @category waiting
 * @since 0.1.0
 */
export function until<A, E, R>(
  what: string,
  probe: () => Effect.Effect<A, E, R>,
  options?: Options,
): Effect.Effect<Truthy<A>, ConditionNotMet, R>
export function until<A>(
  what: string,
  probe: () => A,
  options?: Options,
): Effect.Effect<Truthy<Awaited<A>>, ConditionNotMet>
export function until(
  what: string,
  probe: () => unknown,
  options: Options = {},
): Effect.Effect<unknown, ConditionNotMet, unknown> {
  return Effect.gen(function* () {
    const deadline = Duration.toMillis(options.deadline ?? "5 seconds")
    const every = Duration.toMillis(options.every ?? "10 millis")
    const started = now()
    for (;;) {
      // A probe that hangs is cut at the deadline, yet even the last one gets a moment to answer.
      const patience = Math.round(Math.max(deadline - (now() - started), every, 50))
      const hangs: Outcome = {
        _tag: "Error",
        error: `no answer of the probe within ${patience} ms`,
      }
      const outcome = yield* Effect.raceFirst(
        Effect.interruptible(ask(probe)),
        Effect.interruptible(Effect.as(sleep(patience), hangs)),
      )
      if (outcome._tag === "Value" && Boolean(outcome.value)) return outcome.value
      const left = deadline - (now() - started)
      if (left <= 0) {
        return yield* new ConditionNotMet({
          what,
          waitedMillis: Math.round(now() - started),
          last: printOutcome(outcome),
          state: printState(options.state),
        })
      }
      yield* sleep(Math.min(every, left))
    }
  })
}

/**
 * `until` for tests without Effect: rejects with `ConditionNotMet`.
 *
 * @category waiting
 * @since 0.1.0
 */
export function untilPromise<A, E>(
  what: string,
  probe: () => Effect.Effect<A, E>,
  options?: Options,
): Promise<Truthy<A>>
export function untilPromise<A>(
  what: string,
  probe: () => A,
  options?: Options,
): Promise<Truthy<Awaited<A>>>
export function untilPromise(
  what: string,
  probe: () => unknown,
  options?: Options,
): Promise<unknown> {
  return Effect.runPromise(until(what, probe, options))
}
