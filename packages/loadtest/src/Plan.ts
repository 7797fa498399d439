/**
 * What to send, to where, how requests are spaced, when to stop and what must hold: data with a
 * Schema, so that a plan can be written by hand, kept in a file and found again inside the report of
 * its run.
 *
 * This module decides what is a plan and says in one sentence why something is not. Running one is
 * `LoadTest`'s.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import * as Checks from "./internal/plan/checks.ts"
import * as Codecs from "./internal/plan/codecs.ts"
import * as Explain from "./internal/plan/explain.ts"
import * as Needs from "./internal/plan/needs.ts"
import * as Target from "./Target.ts"
import * as Thresholds from "./Thresholds.ts"

/**
 * A plan that cannot be run. `message` is one sentence that names the field and says what to give.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPlan extends Schema.TaggedError<InvalidPlan>()("InvalidPlan", {
  field: Schema.String,
  message: Schema.String,
}) {}

/**
 * How long a plan without `requests`, `duration` and `stages` runs.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultDuration: Duration.Duration = Duration.seconds(10)

/**
 * How many connections a plan with a rate opens at most when it does not say `connections`.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultOpenConnections = 1000

/**
 * One part of a ramp: the rate moves in a straight line to `rate` within `duration`.
 *
 * @category models
 * @since 0.1.0
 */
export const Stage = Schema.Struct({ duration: Codecs.time(1), rate: Codecs.rate(0) })

const firstProblem = <A>(
  items: ReadonlyArray<A>,
  problem: (item: A, index: number) => string | undefined,
): string | undefined => {
  for (const [index, item] of items.entries()) {
    const found = problem(item, index)
    if (found !== undefined) return found
  }
  return undefined
}

const withDefault = <S extends Schema.Top>(schema: S, value: S["Encoded"]) =>
  schema.pipe(Schema.withDecodingDefault(Effect.succeed(value)))

/**
 * A plan, complete and checked.
 *
 * Its encoded form is plain JSON, and is also what a person writes: everything but `url` (or
 * `targets`) may be left out, and times may be anything that `Duration.Input` allows (a bare number
 * is milliseconds). The report of a run repeats its plan with every header and with the user and
 * password of the address, if it has them, but without the private key of `tls`.
 *
 * What to send:
 * - `url`: an `http://` or `https://` address, or `targets`: several of them with weights. Which
 *   one a request goes to follows a fixed, evenly mixed order.
 * - `method`: default `GET`. `headers`: default none; an array of strings sends the header once for
 *   each. `body`: a text, or `{ base64 }`; default none.
 * - `expectStatus`: the statuses that count as ok, such as `[200, "3xx"]`; default 2xx and 3xx.
 *   `expectBody`: a text that each body must contain (as bytes, before any decompression).
 *
 * How much, how long:
 * - `requests`: end after exactly so many requests in total, over all connections and threads.
 * - `duration`: send nothing new after this time. With `requests` too, whatever comes first ends
 *   the run; with neither and no `stages`, `defaultDuration` holds.
 * - `warmup`: run so long before anything is counted; default 0.
 * - `grace`: how long a run that was ended by time or by hand waits for answers on their way;
 *   default 1 s. What is still unanswered then is reported as in flight.
 * - `deadline`: end the run after this time whatever happens; default none beyond what `timeout`,
 *   `duration` and `grace` give.
 * - `bail`: end the run after so many failed requests; default never.
 *
 * How fast:
 * - `connections`: closed model: how many send as fast as they can; default 1. With a rate: opened
 *   before the first request, and the most there may be; left out, they are opened as needed, up to
 *   `defaultOpenConnections`.
 * - `rate`: requests per second in total; makes it an open model. `stages`: a ramp of rates, which
 *   begins at `rate`, or at 0; after the last stage its rate holds. `arrivals`: `constant` (default)
 *   or `poisson`, which is random with the `seed` (default 1).
 * - `pacing`: `sleeping` (default) sends at the ticks of timers, about 1 ms apart, or to the instant
 *   when requests are 4 ms apart or more; `precise` always to the instant, which takes a whole core
 *   per thread.
 * - `threads`: generators, which share rate, requests and connections; default 1.
 *
 * How:
 * - `keepAlive`: `false` opens a new connection for each request; default `true`.
 * - `pipelining`: how many requests a connection may have in flight; default 1.
 * - `timeout`: a request without its complete answer after this time is given up, and so is a
 *   connection that is not open by then; default 10 s.
 * - `socketPath`: connect to this unix socket; the address still gives the Host header and path.
 * - `tls`: `insecure` accepts any certificate; `serverName` for SNI (default the host); `alpn`
 *   (default `["http/1.1"]`); `ca`, `cert`, `key` as PEM; `sessionReuse` (default true).
 *
 * What must hold:
 * - `thresholds`: sentences such as `p99 < 200ms`, see `Thresholds`.
 *
 * @category models
 * @since 0.1.0
 */
export const Plan = Schema.Struct({
  url: Schema.optional(Schema.String.check(Schema.makeFilter((url) => Checks.urlProblem(url)))),
  targets: Schema.optional(
    Schema.NonEmptyArray(Target.Target).check(
      Schema.makeFilter((targets) => firstProblem(targets, Checks.targetProblem)),
    ),
  ),
  ...Codecs.request,
  method: withDefault(Codecs.Method, "GET"),
  headers: withDefault(
    Codecs.Headers.check(Schema.makeFilter((headers) => Checks.headersProblem(headers))),
    {},
  ),
  requests: Schema.optional(Codecs.wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  duration: Schema.optional(Codecs.time(1)),
  connections: Schema.optional(Codecs.wholeNumber(1, Needs.maxConnections)),
  keepAlive: withDefault(Schema.Boolean, true),
  pipelining: withDefault(Codecs.wholeNumber(1, 1000), 1),
  rate: Schema.optional(Codecs.rate(Number.MIN_VALUE)),
  stages: Schema.optional(Schema.NonEmptyArray(Stage)),
  arrivals: withDefault(Schema.Literals(["constant", "poisson"]), "constant"),
  seed: withDefault(Codecs.wholeNumber(0, 2 ** 32 - 1), 1),
  pacing: withDefault(Schema.Literals(["sleeping", "precise"]), "sleeping"),
  threads: withDefault(Codecs.wholeNumber(1, 256), 1),
  timeout: withDefault(Codecs.time(1), "10 seconds"),
  grace: withDefault(Codecs.time(0), "1 second"),
  warmup: withDefault(Codecs.time(0), 0),
  deadline: Schema.optional(Codecs.time(1)),
  bail: Schema.optional(Codecs.wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  thresholds: withDefault(
    Schema.Array(Schema.String).check(
      Schema.makeFilter((sentences) => firstProblem(sentences, Thresholds.problem)),
    ),
    [],
  ),
  socketPath: Schema.optional(Schema.NonEmptyString),
  tls: Schema.optional(Codecs.Tls),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Plan = typeof Plan.Type

/**
 * What a person writes: see `Plan` for the defaults.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = typeof Plan.Encoded

/**
 * The fields of a plan.
 *
 * @category models
 * @since 0.1.0
 */
export type Field = keyof Input

const decodeFields = Schema.decodeUnknownEffect(Plan)

/**
 * Checks something that should be a plan, such as parsed JSON, and fills in its defaults.
 *
 * Fails with `InvalidPlan` for the first field that does not hold, unknown fields included.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = Effect.fnUntraced(function* (
  input: unknown,
): Effect.fn.Return<Plan, InvalidPlan> {
  const unknown = Explain.unknownField(input, Object.keys(Plan.fields))
  if (unknown !== undefined) return yield* new InvalidPlan(unknown)
  const plan = yield* decodeFields(input).pipe(
    Effect.mapError((error) => new InvalidPlan(Explain.issue(input, error.issue))),
  )
  const contradiction = Checks.contradiction(plan)
  if (contradiction !== undefined) return yield* new InvalidPlan(contradiction)
  return complete(plan)
})

/** The defaults that depend on other fields. */
const complete = (plan: Plan): Plan => {
  const endless =
    plan.requests === undefined && plan.duration === undefined && plan.stages === undefined
  return {
    ...plan,
    ...(endless ? { duration: defaultDuration } : {}),
    ...(plan.connections === undefined && !isOpen(plan) ? { connections: 1 } : {}),
  }
}

/**
 * Checks a plan and fills in its defaults: `decode` for what TypeScript has seen already.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input): Effect.Effect<Plan, InvalidPlan> => decode(input)

/**
 * Whether requests arrive at a rate of their own (open model), or when a connection is free (closed).
 *
 * @category getters
 * @since 0.1.0
 */
export const isOpen = (plan: Pick<Plan, "rate" | "stages">): boolean =>
  plan.rate !== undefined || plan.stages !== undefined

/**
 * The most requests that can be in flight at once, divided by `pipelining`.
 *
 * @category getters
 * @since 0.1.0
 */
export const connectionLimit = (plan: Plan): number => {
  const limit = plan.connections ?? defaultOpenConnections
  return isOpen(plan) ? limit : Math.min(limit, plan.requests ?? limit)
}

/**
 * How long the plan sends (stages included), without warm-up and grace; `undefined` when only the
 * number of requests ends it.
 *
 * @category getters
 * @since 0.1.0
 */
export const sendingTime = (plan: Plan): Duration.Duration | undefined =>
  plan.duration ??
  (plan.requests === undefined
    ? plan.stages?.reduce((sum, stage) => Duration.sum(sum, stage.duration), Duration.zero)
    : undefined)

/**
 * Where requests go: the plan's `targets`, or its `url` as the only one.
 *
 * @category getters
 * @since 0.1.0
 */
export const targets = (plan: Plan): ReadonlyArray<Target.Resolved> =>
  (plan.targets ?? [{ url: plan.url ?? "", weight: 1 }]).map((target) =>
    Target.resolve(target, plan),
  )
