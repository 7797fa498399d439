/**
 * Functions in threads without a file and without a contract: `run` takes a function, sends its source to
 * a thread, and answers what it returns. For scripts, experiments and the odd heavy computation; tasks
 * with types that are checked, streams and contracts are what a `Pool` is for.
 *
 * The function must be self-contained: it has its arguments and the globals, and may `await import(…)`
 * modules. It is parsed before it is sent, so one that uses a variable or an import from around it is
 * refused with the names of these. Arguments and results are copied by structured clone.
 *
 * How it stops: the threads are those of a `Pool`, and gone when the Scope of `make`, or the `run` that
 * started one, is over; interrupting a run ends its thread, also when the function loops for ever.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"

import { FunctionThrew, InlineError } from "./InlineError.ts"
import { InlineTasks, type Outcome } from "./internal/inline/InlineTasks.ts"
import { type AnyFunction, nameOf, sourceOf } from "./internal/inline/sourceOf.ts"
import { decodeThrown } from "./internal/wire/errors.ts"
import * as Pool from "./Pool.ts"
import type { ThreadsError } from "./ThreadsError.ts"

/**
 * Of the threads; `entry` is ours.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<Pool.Options, "entry"> {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Threads {
  /**
   * Run a function in a thread that is free. Fails with `InlineError`: `NotSelfContained` or
   * `UnsupportedFunction` for what cannot run elsewhere, `FunctionThrew` for what it threw; and with
   * `ThreadsError`, as a pool's tasks do.
   */
  readonly run: Run
  /**
   * The function of each item of an array, in one thread: the task for `Parallel`.
   *
   * ```ts
   * Parallel.map(numbers, threads.each((n) => n * n))
   * ```
   */
  readonly each: <A, B>(
    body: (item: A) => B,
  ) => (items: Iterable<A>) => Effect.Effect<Array<Awaited<B>>, InlineError | ThreadsError>
}

/**
 * @category models
 * @since 0.1.0
 */
export type Run = <Args extends ReadonlyArray<unknown>, A>(
  body: (...args: Args) => A,
  ...args: Args
) => Effect.Effect<Awaited<A>, InlineError | ThreadsError>

const entry = new URL(
  import.meta.url.endsWith(".ts")
    ? "./internal/inline/inline.thread.ts"
    : "./internal/inline/inline.thread.js",
  import.meta.url,
)

const source = (body: AnyFunction): Effect.Effect<string, InlineError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(sourceOf(body))
    } catch (error) {
      return error instanceof InlineError ? Effect.fail(error) : Effect.die(error)
    }
  })

const valueOf =
  (body: AnyFunction) =>
  (outcome: Outcome): Effect.Effect<unknown, InlineError> => {
    if (outcome._tag === "Returned") return Effect.succeed(outcome.value)
    const cause = decodeThrown(outcome.thrown)
    const reason = new FunctionThrew({ function: nameOf(body), cause })
    return Effect.fail(new InlineError({ reason }))
  }

/**
 * Start threads that run functions. Fails as `Pool.make` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Threads, ThreadsError, Scope.Scope> =>
  Effect.map(Pool.make(InlineTasks, { name: "inline", ...options, entry }), ({ tasks }) => {
    const runAny = (body: AnyFunction, args: ReadonlyArray<unknown>) =>
      source(body).pipe(
        Effect.flatMap((source) => tasks.Run({ source, args })),
        Effect.flatMap(valueOf(body)),
      )
    const eachAny = (body: AnyFunction, items: Iterable<unknown>) =>
      source(body).pipe(
        Effect.flatMap((source) => tasks.RunEach({ source, items })),
        Effect.flatMap(valueOf(body)),
      )
    // oxlint-disable typescript/no-unsafe-type-assertion -- what the function's own type says it returns
    return {
      run: (body, ...args) => runAny(body, args) as never,
      each: (body) => (items) => eachAny(body, items) as never,
    }
    // oxlint-enable typescript/no-unsafe-type-assertion
  })

/**
 * Run one function in a thread of its own, which is gone when it returns. Starting a thread takes some
 * tens of milliseconds: for many calls, `make` keeps threads.
 *
 * ```ts
 * Threads.run((n) => {
 *   let sum = 0
 *   for (let i = 0; i < n; i++) sum += i
 *   return sum
 * }, 1e9)
 * ```
 *
 * Fails as `Threads.run` of `make` does.
 *
 * @category running
 * @since 0.1.0
 */
export const run: Run = (body, ...args) =>
  // Before a thread is started for it.
  Effect.andThen(
    source(body),
    Effect.scoped(Effect.flatMap(make({ size: 1 }), (threads) => threads.run(body, ...args))),
  )
