/**
 * The highest rate at which a server keeps its thresholds: tries rates, each in a run of its own.
 *
 * The search, in requests per second:
 *
 * 1. Begin at `from` and double as long as the rate holds; or halve until one holds.
 * 2. Between the highest rate that held and the lowest that failed try their geometric mean, until
 *    they are closer than `precision`. The answer is the highest that held.
 *
 * A rate holds when its run fulfils all thresholds. Where the plan says nothing of them, `failed < 1%`
 * and `rate >= 98%` are among them: errors are quick, and a rate that was not delivered did not hold.
 * A rate fails only when it fails twice in a row. The search also ends when nothing answers, when the
 * generator has no processor time left (then it found its own limit, and says so), and by hand.
 *
 * After a rate that failed the server gets two requests, one after the other, and until it has answered
 * them, at most half a minute, nothing else: what it still had to do is not the next rate's fault.
 *
 * Each run is an open model of `probe` length after a warm-up that is not counted: an answer for a
 * minute, or for an hour, takes a probe of a minute or an hour.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

import * as Headline from "./internal/find/headline.ts"
import * as Search from "./internal/find/Search.ts"
import * as Secrets from "./internal/plan/secrets.ts"
import * as LoadTest from "./LoadTest.ts"
import * as Plan from "./Plan.ts"
import * as Report from "./Report.ts"
import * as Thresholds from "./Thresholds.ts"

/**
 * The version of the document. It grows when a field changes its meaning or goes.
 *
 * @category models
 * @since 0.1.0
 */
export const version = 1

/**
 * One rate that was tried. `broken` holds the thresholds that failed, `latency` is in ms.
 *
 * @category models
 * @since 0.1.0
 */
export const Probe = Schema.Struct({
  rate: Schema.Finite,
  held: Schema.Boolean,
  delivered: Schema.Finite,
  requests: Report.Requests,
  latency: Schema.NullOr(Report.Latency),
  broken: Schema.Array(Schema.String),
  warnings: Schema.Array(Report.Warning),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Probe = typeof Probe.Type

/**
 * What a search found.
 *
 * - `rate`: the highest that held, in requests per second; `null` when none did
 * - `ended`: `found`; `max`: even the highest allowed rate held; `min`: not even the lowest did;
 *   `saturated`: the generator was the limit; `unreachable`: nothing answered; `stopped` by hand
 * - `thresholds`: what had to hold
 * - `probes`: all rates that were tried, in their order
 *
 * @category models
 * @since 0.1.0
 */
export const FindReport = Schema.Struct({
  version: Schema.Literal(version),
  plan: Plan.Plan,
  rate: Schema.NullOr(Schema.Finite),
  ended: Schema.Literals(["found", "max", "min", "saturated", "unreachable", "stopped"]),
  thresholds: Schema.Array(Schema.String),
  probes: Schema.Array(Probe),
})

/**
 * @category models
 * @since 0.1.0
 */
export type FindReport = typeof FindReport.Type

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The first rate to try; default 100. */
  readonly from?: number | undefined
  /** No rate below is tried; default 1. */
  readonly min?: number | undefined
  /** No rate above is tried; default 1,000,000. */
  readonly max?: number | undefined
  /** How close the answer is to be, as a share; default 0.05. */
  readonly precision?: number | undefined
  /** How long each rate is tried; default 5 seconds. */
  readonly probe?: Duration.Input | undefined
  /** Sees each run that tries a rate, when it begins. */
  readonly onTry?: ((rate: number, run: LoadTest.Run) => Effect.Effect<void>) | undefined
  /** Sees each rate that was tried. */
  readonly onProbe?: ((probe: Probe) => Effect.Effect<void>) | undefined
  /** Ends the search early, with a report, when it succeeds or fails. */
  readonly stop?: Effect.Effect<unknown, unknown> | undefined
}

const invalid = (field: string, message: string): LoadTest.LoadTestError =>
  new LoadTest.LoadTestError({ reason: new Plan.InvalidPlan({ field, message }) })

/** A search decides how much is sent and how fast. */
const own = ["rate", "stages", "requests", "duration", "bail", "deadline"] as const

const measures = (sentence: string, tag: Thresholds.Measure["_tag"]): boolean =>
  Thresholds.parse(sentence).measure._tag === tag

/** What must hold, with what goes without saying. */
const complete = (thresholds: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...thresholds,
  ...(thresholds.some((one) => measures(one, "Count")) ? [] : ["failed < 1%"]),
  ...(thresholds.some((one) => measures(one, "Rate")) ? [] : ["rate >= 98%"]),
]

/** The first option that does not hold, as a sentence that begins with its name. */
const problemOf = ({ from, max, min, precision }: Search.Limits) => {
  if (!(min > 0 && min <= max)) {
    return invalid("min", `min must be above 0 and not above the highest rate (${max}), got ${min}`)
  }
  if (!(from > 0)) return invalid("from", `from must be a rate above 0, got ${from}`)
  return precision > 0
    ? undefined
    : invalid("precision", `precision must be a share above 0, such as 0.05, got ${precision}`)
}

const judge = (rate: number, report: Report.Report): Probe => {
  const broken = report.thresholds.filter(({ ok }) => !ok).map(({ threshold }) => threshold)
  return {
    rate,
    held: broken.length === 0 && report.requests.ok > 0,
    delivered: report.rate.delivered,
    requests: report.requests,
    latency: report.latency,
    broken,
    warnings: report.warnings,
  }
}

/** Of a probe that did not hold: whether trying on is of no use. */
const hopeless = (probe: Probe): "unreachable" | "saturated" | undefined => {
  if (probe.requests.ok === 0) return "unreachable"
  return probe.warnings.some(({ code }) => code === "saturated") ? "saturated" : undefined
}

/** Waits until the server has worked off what a rate left behind that was too much for it. */
const recover = (plan: Plan.Plan, stop: Options["stop"]) => {
  const { arrivals: _, pacing: __, rate: ___, ...rest } = plan
  return LoadTest.run(
    {
      ...rest,
      connections: 1,
      pipelining: 1,
      threads: 1,
      requests: 2,
      duration: "30 seconds",
      timeout: "30 seconds",
      warmup: 0,
      grace: 0,
      thresholds: [],
    },
    { stop },
  )
}

/** One rate in a run of its own. */
const attempt = Effect.fnUntraced(function* (
  plan: Plan.Plan & { readonly rate: number },
  { onTry, stop }: Options,
) {
  const run = yield* LoadTest.start(plan)
  if (stop !== undefined) {
    yield* stop.pipe(Effect.exit, Effect.andThen(run.stop), Effect.forkScoped)
  }
  if (onTry !== undefined) yield* onTry(plan.rate, run)
  return yield* run.report
}, Effect.scoped)

const prepare = Effect.fnUntraced(function* (input: Plan.Input, options: Options) {
  const given = own.find((field) => input[field] !== undefined)
  if (given !== undefined) {
    return yield* invalid(given, `${given} is for the search to choose: leave it out`)
  }
  const probe = Option.getOrUndefined(Duration.fromInput(options.probe ?? "5 seconds"))
  if (probe === undefined || Duration.toMillis(probe) < 1) {
    return yield* invalid("probe", 'probe must be a time of at least 1 ms, such as "5 seconds"')
  }
  const limits = {
    from: options.from ?? 100,
    min: options.min ?? 1,
    max: options.max ?? 1_000_000,
    precision: options.precision ?? 0.05,
  }
  const problem = problemOf(limits)
  if (problem !== undefined) return yield* problem
  const plan = yield* Plan.make({
    ...input,
    rate: limits.from,
    duration: probe,
    warmup: input.warmup ?? "1 second",
  }).pipe(Effect.mapError((reason) => new LoadTest.LoadTestError({ reason })))
  if (plan.thresholds.length === 0) {
    return yield* invalid("thresholds", 'thresholds are missing: say what must hold, "p99 < 200ms"')
  }
  return { limits, plan: { ...plan, thresholds: complete(plan.thresholds) } }
})

/**
 * Searches. Interrupting it stops the run that goes on and closes its sockets.
 *
 * The plan says all but `rate`, `stages`, `requests`, `duration`, `bail` and `deadline`; it needs
 * `thresholds`.
 *
 * Fails with `LoadTestError` when plan or options are not valid, or a generator broke down.
 *
 * @category running
 * @since 0.1.0
 */
export const run: (
  input: Plan.Input,
  options?: Options,
) => Effect.Effect<FindReport, LoadTest.LoadTestError> = Effect.fn("Find.run")(function* (
  input: Plan.Input,
  options: Options = {},
) {
  const { limits, plan } = yield* prepare(input, options)
  const probes: Array<Probe> = []
  const answer = (search: Search.Search, ended: FindReport["ended"]): FindReport => ({
    version,
    plan: Secrets.withoutKey(plan),
    rate: search.low,
    ended,
    thresholds: plan.thresholds,
    probes,
  })
  let search = Search.begin
  for (;;) {
    const next = Search.next(search, limits)
    if (next._tag === "End") return answer(search, next.ended)
    const report = yield* attempt({ ...plan, rate: next.rate }, options)
    // Half of a probe says nothing.
    if (report.ended === "stopped") return answer(search, "stopped")
    const probe = judge(next.rate, report)
    probes.push(probe)
    if (options.onProbe !== undefined) yield* options.onProbe(probe)
    const ended = probe.held ? undefined : hopeless(probe)
    if (ended !== undefined) return answer(search, ended)
    if (!probe.held) yield* recover(plan, options.stop)
    search = Search.after(search, next.rate, probe.held)
  }
})

/**
 * The report as plain JSON data.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode: (report: FindReport) => typeof FindReport.Encoded =
  Schema.encodeSync(FindReport)

/**
 * Reads what `encode` wrote; fails with a `SchemaError` for anything else.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = Schema.decodeUnknownEffect(FindReport)

/**
 * The search in one honest sentence: what rate held, what had to, and what to doubt.
 *
 * @category formatting
 * @since 0.1.0
 */
export const headline: (report: FindReport) => string = Headline.of
