/**
 * The load tester with promises, async iterables and `AbortSignal`, for programs without Effect. It
 * holds no logic: each function runs the Effect of the same name, on one runtime.
 *
 * A promise rejects with the error that the Effect would fail with: `LoadTestError`, whose `reason`
 * is `InvalidPlan` or `GeneratorLost`; when it was aborted, with the reason of its signal. What a
 * server does is no error: it is in the report.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import * as Find from "./Find.ts"
import * as LoadTest from "./LoadTest.ts"
import type * as Plan from "./Plan.ts"
import type { Report } from "./Report.ts"
import type { Snapshot } from "./Snapshot.ts"

const runtime = ManagedRuntime.make(Layer.empty)

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Aborting it closes every socket, then rejects with its reason; there is no report. */
  readonly signal?: AbortSignal | undefined
}

const promised = async <A, E>(
  effect: Effect.Effect<A, E>,
  { signal }: Options = {},
): Promise<A> => {
  try {
    return await runtime.runPromise(effect, { signal })
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error
  }
}

/**
 * A run that has begun: `LoadTest.Run` with promises. `close()`, or `await using`, ends it without a
 * report and settles when every socket is closed; after `report` it has nothing left to do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run extends AsyncDisposable {
  readonly plan: Plan.Plan
  readonly report: () => Promise<Report>
  readonly snapshot: () => Promise<Snapshot>
  /** Twice a second, until the run ends. */
  readonly snapshots: () => AsyncIterable<Snapshot>
  /** Ends the run as its `duration` would. */
  readonly stop: () => Promise<Report>
  readonly close: () => Promise<void>
}

/**
 * Runs a plan and answers with its report.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (plan: Plan.Input, options?: Options): Promise<Report> =>
  promised(LoadTest.run(plan), options)

/**
 * Begins a run in the background.
 *
 * @category running
 * @since 0.1.0
 */
export const start = async (plan: Plan.Input, options?: Options): Promise<Run> => {
  const scope = Scope.makeUnsafe()
  const close = () => runtime.runPromise(Scope.close(scope, Exit.void))
  const started = await promised(Scope.provide(LoadTest.start(plan), scope), options).catch(
    async (error: unknown) => {
      await close()
      throw error
    },
  )
  return {
    plan: started.plan,
    report: () => runtime.runPromise(started.report),
    snapshot: () => runtime.runPromise(started.snapshot),
    snapshots: () => Stream.toAsyncIterable(started.snapshots),
    stop: () => runtime.runPromise(started.stop),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Searches the highest rate at which the plan's thresholds hold, see `Find.run`.
 *
 * @category running
 * @since 0.1.0
 */
export const find = (
  plan: Plan.Input,
  options: Find.Options & Options = {},
): Promise<Find.FindReport> => promised(Find.run(plan, options), options)
