/**
 * Runs a plan: the front door of the library. The command `manyload` is a thin call of it.
 *
 * A run owns a generator and its sockets, and ends in three ways, always within a bounded time:
 *
 * 1. All `requests` are sent and each has ended; each ends within the plan's `timeout`.
 * 2. The `duration` is over, or `stop` was asked for: nothing more is sent, answers on their way
 *    are awaited for the plan's `grace`, what is still missing then is reported as in flight.
 * 3. Its fiber is interrupted or its Scope closes: there is no report.
 *
 * In each case every socket is closed before the run is over.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { contextOf } from "./internal/engine/dial.ts"
import * as Job from "./internal/engine/Job.ts"
import * as Environment from "./internal/Environment.ts"
import * as Histogram from "./internal/Histogram.ts"
import { Conductor } from "./internal/run/Conductor.ts"
import * as Fleet from "./internal/run/Fleet.ts"
import * as Plan from "./Plan.ts"
import type { Report } from "./Report.ts"
import type { Snapshot } from "./Snapshot.ts"

/**
 * A thread that generated load is gone, or did not answer; what it had measured is lost.
 *
 * @category errors
 * @since 0.1.0
 */
export class GeneratorLost extends Schema.TaggedError<GeneratorLost>()("GeneratorLost", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    const { cause } = this
    return `a thread that generated load was lost: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/**
 * A run that could not begin (`InvalidPlan`), or whose generator broke down (`GeneratorLost`).
 * Whatever the server does, a run ends in a report.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoadTestError extends Schema.TaggedError<LoadTestError>()("LoadTestError", {
  reason: Schema.Union([Plan.InvalidPlan, GeneratorLost]),
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * A run that has begun.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run {
  readonly plan: Plan.Plan
  /** How it is doing right now. */
  readonly snapshot: Effect.Effect<Snapshot>
  /** The same, twice a second; ends with the run, whose last one has the phase `ended`. */
  readonly snapshots: Stream.Stream<Snapshot>
  /** Waits for the end. Interrupts when the Scope closes first. */
  readonly report: Effect.Effect<Report, LoadTestError>
  /** Ends the run as its `duration` would, and waits for its report. */
  readonly stop: Effect.Effect<Report, LoadTestError>
}

/** What OpenSSL cannot read would else fail each connection. */
const checkTls = (plan: Plan.Plan) =>
  Effect.try({
    try: () => void (plan.tls === undefined || contextOf(plan.tls)),
    catch: (cause) =>
      new LoadTestError({
        reason: new Plan.InvalidPlan({
          field: "tls",
          message: `tls must hold certificates and keys as PEM: ${cause instanceof Error ? cause.message : String(cause)}`,
        }),
      }),
  })

/** One generator needs no thread of its own, and then nothing of threads is loaded. */
const fleetOf = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job.Job>) {
  const [first, ...others] = jobs
  if (first !== undefined && others.length === 0) {
    return (events: Fleet.Events) => Fleet.local(first, events)
  }
  const Threads = yield* Effect.promise(() => import("./internal/run/Threads.ts"))
  return yield* Threads.make(jobs)
})

/**
 * Begins a run in the background; closing the Scope ends it without a report.
 *
 * Fails with `LoadTestError` when the plan is not valid.
 *
 * @category running
 * @since 0.1.0
 */
export const start: (input: Plan.Input) => Effect.Effect<Run, LoadTestError, Scope.Scope> =
  Effect.fn("LoadTest.start")(function* (input: Plan.Input) {
    const plan = yield* Plan.make(input).pipe(
      Effect.mapError((reason) => new LoadTestError({ reason })),
    )
    yield* checkTls(plan)
    // First, because threads take their time to start.
    const fleet = yield* fleetOf(Job.make(plan))
    const finished = yield* Deferred.make<Report, LoadTestError>()
    // Nobody may wait for ever for a run whose Scope was closed.
    yield* Effect.addFinalizer(() => Deferred.interrupt(finished))
    const environment = Environment.capture(DateTime.formatIso(yield* DateTime.now))
    yield* Effect.sync(Histogram.ready)
    const conductor = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Conductor({
            plan,
            environment,
            fleet,
            onEnd: (report) => Deferred.doneUnsafe(finished, Exit.succeed(report)),
            onLost: (cause) =>
              Deferred.doneUnsafe(
                finished,
                Exit.fail(new LoadTestError({ reason: new GeneratorLost({ cause }) })),
              ),
          }),
      ),
      (conductor) => Effect.promise(() => conductor.close()),
    )
    yield* Effect.sync(() => conductor.start())

    const snapshot = Effect.sync(() => conductor.snapshot)
    const report = Deferred.await(finished)
    const run: Run = {
      plan,
      snapshot,
      snapshots: Stream.fromEffectSchedule(snapshot, Schedule.spaced("500 millis")).pipe(
        Stream.takeUntil((now) => now.phase === "ended"),
      ),
      report,
      stop: Effect.andThen(
        Effect.sync(() => conductor.stop("stopped")),
        report,
      ),
    }
    return run
  })

/**
 * Runs a plan and answers with its report. Interrupting it stops the run and closes its sockets.
 *
 * A server that refuses, stalls or fails is a finding, not a failure: see `requests` and `errors`
 * of the report. Fails with `LoadTestError` when the plan is not valid.
 *
 * @param options.stop ends the run early, with a report, when it succeeds or fails
 * @category running
 * @since 0.1.0
 */
export const run: (
  input: Plan.Input,
  options?: { readonly stop?: Effect.Effect<unknown, unknown> | undefined },
) => Effect.Effect<Report, LoadTestError> = Effect.fn("LoadTest.run")(function* (
  input: Plan.Input,
  options?: { readonly stop?: Effect.Effect<unknown, unknown> | undefined },
) {
  const running = yield* start(input)
  if (options?.stop !== undefined) {
    yield* options.stop.pipe(Effect.exit, Effect.andThen(running.stop), Effect.forkScoped)
  }
  return yield* running.report
}, Effect.scoped)
