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
import { DateTime, Deferred, Duration, Effect, Schedule, type Scope, Schema, Stream } from "effect"

import * as Environment from "./internal/Environment.ts"
import * as Generator from "./internal/Generator.ts"
import * as HttpClient from "./internal/HttpClient.ts"
import * as Recorder from "./internal/Recorder.ts"
import * as Plan from "./Plan.ts"
import { type Report, version } from "./Report.ts"
import type { Snapshot } from "./Snapshot.ts"

/**
 * A run that could not begin. Once begun, a run ends in a report, whatever the server does.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoadTestError extends Schema.TaggedError<LoadTestError>()("LoadTestError", {
  reason: Schema.Union([Plan.InvalidPlan]),
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
  /** The same, several times a second; ends with the run. */
  readonly snapshots: Stream.Stream<Snapshot>
  /** Waits for the end. Interrupts when the Scope closes first. */
  readonly report: Effect.Effect<Report, LoadTestError>
  /** Ends the run as its `duration` would, and waits for its report. */
  readonly stop: Effect.Effect<Report, LoadTestError>
}

const laterDefaults: Readonly<Record<string, unknown>> = {
  pipelining: 1,
  arrivals: "constant",
  pacing: "sleeping",
  threads: 1,
}
const later = new Set(
  "pipelining arrivals pacing threads targets body expectStatus expectBody rate stages bail socketPath tls deadline".split(
    " ",
  ),
)

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
    const [target] = Plan.targets(plan)
    const unsupported = Object.entries(plan).find(
      ([field, value]) => later.has(field) && value !== undefined && value !== laterDefaults[field],
    )
    if (unsupported !== undefined || target === undefined) {
      const field = unsupported?.[0] ?? "url"
      const reason = new Plan.InvalidPlan({ field, message: `${field} is not supported yet` })
      return yield* new LoadTestError({ reason })
    }
    const connections = Plan.connectionLimit(plan)
    const stopping = yield* Deferred.make<void>()
    const ended = yield* Deferred.make<void>()
    const finished = yield* Deferred.make<Report>()
    // A fiber interrupted before its first step runs no `onExit`: nobody may wait for it for ever.
    yield* Effect.addFinalizer(() => Deferred.interrupt(finished))
    const environment = Environment.capture(DateTime.formatIso(yield* DateTime.now))

    const recorder = Recorder.make()
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        HttpClient.make({
          url: target.url,
          method: plan.method,
          headers: plan.headers,
          keepAlive: plan.keepAlive,
          connections,
          timeout: Duration.toMillis(plan.timeout),
        }),
      ),
      (client) => Effect.promise(client.close),
    )
    const generator = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Generator.closed({
          client,
          recorder,
          connections,
          requests: plan.requests ?? Infinity,
          now: () => performance.now(),
          onEnd: () => Deferred.doneUnsafe(ended, Effect.void),
        }),
      ),
      (generator) => Effect.sync(generator.cut),
    )

    const conduct = Effect.gen(function* () {
      yield* Effect.sync(generator.start)
      const ending: Report["ended"] = yield* Effect.raceAllFirst([
        Effect.as(Deferred.await(ended), "requests" as const),
        Effect.as(Deferred.await(stopping), "stopped" as const),
        plan.duration === undefined
          ? Effect.never
          : Effect.as(Effect.sleep(plan.duration), "duration" as const),
      ])
      yield* Effect.sync(generator.stop)
      yield* Effect.timeoutOption(Deferred.await(ended), plan.grace)
      yield* Effect.sync(generator.cut)
      yield* Effect.promise(client.close)

      const requests = recorder.requests()
      if (requests.sent !== requests.ok + requests.failed + requests.inFlight) {
        return yield* Effect.die(
          new Error(`manyload lost count of its requests: ${JSON.stringify(requests)}`),
        )
      }
      const common = {
        requests,
        latency: recorder.latency(),
        service: recorder.latency(),
        statuses: recorder.statuses(),
        errors: recorder.errors(),
        bytes: { sent: 0, received: 0 },
        histogram: null,
      }
      const report: Report = {
        version,
        plan,
        environment,
        model: "closed",
        ended: generator.unreachable() ? "unreachable" : ending,
        ...common,
        rate: { asked: null, delivered: generator.rate() },
        lateness: null,
        series: [],
        thresholds: [],
        routes: [{ name: target.name, url: target.url, ...common }],
        warnings: [],
        duration: generator.elapsed(),
      }
      return report
    })
    yield* conduct.pipe(
      Effect.onExit((exit) => Deferred.done(finished, exit)),
      Effect.forkScoped,
    )

    const snapshot = Effect.sync((): Snapshot => ({
      phase: Deferred.isDoneUnsafe(finished) ? "ended" : "running",
      elapsed: generator.elapsed(),
      progress: null,
      requests: recorder.requests(),
      rate: { asked: null, delivered: generator.rate() },
      latency: recorder.latency(),
      statuses: recorder.statuses(),
      errors: recorder.errors(),
      bytes: { sent: 0, received: 0 },
      recent: null,
    }))
    const run: Run = {
      plan,
      snapshot,
      snapshots: Stream.fromEffectSchedule(snapshot, Schedule.spaced("200 millis")).pipe(
        Stream.takeUntil((now) => now.phase === "ended"),
      ),
      report: Deferred.await(finished),
      stop: Effect.andThen(Deferred.succeed(stopping, undefined), Deferred.await(finished)),
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
