/**
 * What a run found: a typed, versioned document, and the one sentence that sums it up.
 *
 * Measuring is `LoadTest`'s; printing tables is the command's.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

import * as Headline from "./internal/headline.ts"
import { Plan } from "./Plan.ts"

/**
 * The version of the document. It grows when a field changes its meaning or goes.
 *
 * @category models
 * @since 0.1.0
 */
export const version = 1

const Failures = Schema.optionalKey(Schema.Struct({ count: Schema.Int, example: Schema.String }))

/**
 * Failed requests by class, each with the message of the first one; classes without any are absent.
 * Each failed request is counted in exactly one class.
 *
 * - `status`: a complete answer whose status was not expected (default: not 2xx or 3xx)
 * - `check`: a complete answer with an expected status whose body lacks what the plan expects
 * - `refused`: nobody listens there
 * - `reset`: the connection was closed or reset before an answer, or reset in the middle of one
 * - `connectTimeout`: no connection within the plan's timeout
 * - `replyTimeout`: no complete answer within the plan's timeout
 * - `dns`: the name of the host could not be resolved
 * - `tls`: the handshake failed, such as for a certificate that is not trusted
 * - `malformed`: the answer is not HTTP/1.1
 * - `truncated`: the connection was closed in the middle of an answer
 * - `other`: anything else, such as no more ports or file descriptors
 *
 * @category models
 * @since 0.1.0
 */
export const Errors = Schema.Struct({
  status: Failures,
  check: Failures,
  refused: Failures,
  reset: Failures,
  connectTimeout: Failures,
  replyTimeout: Failures,
  dns: Failures,
  tls: Failures,
  malformed: Failures,
  truncated: Failures,
  other: Failures,
})

/**
 * @category models
 * @since 0.1.0
 */
export type ErrorClass = keyof typeof Errors.Type

/**
 * Counts of requests: `sent = ok + failed + inFlight` holds in every report.
 *
 * @category models
 * @since 0.1.0
 */
export const Requests = Schema.Struct({
  sent: Schema.Int,
  ok: Schema.Int,
  failed: Schema.Int,
  inFlight: Schema.Int,
})

/**
 * Times of the complete answers, whatever their status, in ms; three significant digits, `min` and
 * `max` to the microsecond. Requests without a complete answer are in `errors`, not here.
 *
 * @category models
 * @since 0.1.0
 */
export const Latency = Schema.Struct({
  unit: Schema.Literal("ms"),
  count: Schema.Int,
  min: Schema.Finite,
  mean: Schema.Finite,
  stddev: Schema.Finite,
  p50: Schema.Finite,
  p75: Schema.Finite,
  p90: Schema.Finite,
  p95: Schema.Finite,
  p99: Schema.Finite,
  p999: Schema.Finite,
  p9999: Schema.Finite,
  max: Schema.Finite,
})

/**
 * @category models
 * @since 0.1.0
 */
export type Latency = typeof Latency.Type

/**
 * One interval of the run. `at` is its begin, in ms after the first request; `span` its length in ms;
 * `answers` and `failed` are what ended within it, `sent` what was sent. `p50`, `p99` and `max` are
 * latencies of its complete answers in ms, to about 1 %, `null` without any.
 *
 * @category models
 * @since 0.1.0
 */
export const Interval = Schema.Struct({
  at: Schema.Finite,
  span: Schema.Finite,
  sent: Schema.Int,
  answers: Schema.Int,
  failed: Schema.Int,
  p50: Schema.NullOr(Schema.Finite),
  p99: Schema.NullOr(Schema.Finite),
  max: Schema.NullOr(Schema.Finite),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Interval = typeof Interval.Type

/**
 * Something to doubt about a run, in one sentence.
 *
 * - `rate`: the rate that was asked for was not delivered
 * - `saturated`: the generator had no processor time left, so that it measured itself
 * - `late`: requests left the generator late
 * - `connections`: requests waited for a free connection, because the limit was reached
 * - `unopened`: there was no time to open all connections
 * - `unanswered`: requests were still in flight at the end, and are in no latency
 *
 * @category models
 * @since 0.1.0
 */
export const Warning = Schema.Struct({
  code: Schema.Literals(["rate", "saturated", "late", "connections", "unopened", "unanswered"]),
  message: Schema.String,
})

/**
 * @category models
 * @since 0.1.0
 */
export type Warning = typeof Warning.Type

/** Found of one target, or of all together. */
const findings = {
  requests: Requests,
  latency: Schema.NullOr(Latency),
  service: Schema.NullOr(Latency),
  statuses: Schema.Record(Schema.String, Schema.Int),
  errors: Errors,
  bytes: Schema.Struct({ sent: Schema.Int, received: Schema.Int }),
  histogram: Schema.NullOr(Schema.String),
}

/**
 * What was found of one target; `name` is the target's, the other fields are as in the report.
 *
 * @category models
 * @since 0.1.0
 */
export const Route = Schema.Struct({ name: Schema.String, url: Schema.String, ...findings })

/**
 * @category models
 * @since 0.1.0
 */
export type Route = typeof Route.Type

/**
 * The report of a run.
 *
 * - `plan`: the plan that was run, defaults filled in
 * - `environment`: where and when it was run
 * - `model`: `open`: requests had a schedule of their own, and latency counts from the scheduled
 *   start; `closed`: each connection sends its next request when the last is answered, so a slow
 *   server is asked less, and latency counts from when the connection became free
 * - `ended`: by what the run ended: all `requests` sent, the `duration`, `stopped` by hand, `bail`
 *   (too many failures), the `deadline`, or `unreachable` (no connection could be opened at all)
 * - `requests`: those that count, so not those of the warm-up
 * - `rate.asked`: requests per second that the schedule held, on average, `null` in the closed model;
 *   `rate.delivered`: complete answers per second. In the open model both count what was scheduled in
 *   the sending time, answers during the grace included; in the closed model the time is from the
 *   first request to the last answer
 * - `latency`: from the scheduled start to the end of the answer; `service`: from when the request
 *   was sent; `lateness`: from the scheduled start until the request was handed to a connection or to
 *   the queue of those that wait for one, so what the generator itself added (open model only).
 *   Each is `null` when there is nothing
 * - `statuses`: complete answers by status code
 * - `errors`: failed requests by class, each with an example
 * - `bytes`: of requests and of answers, complete or not, without what TLS adds
 * - `duration`: from the first request that counts to the end of the run, in ms
 * - `series`: the run in intervals of a second; longer runs have longer intervals, at most 600
 * - `thresholds`: the plan's, judged
 * - `histogram`: of the latencies in µs, in HdrHistogram's compressed V2 encoding, as base64
 * - `routes`: the same for each target
 * - `warnings`: what to doubt
 *
 * @category models
 * @since 0.1.0
 */
export const Report = Schema.Struct({
  version: Schema.Literal(version),
  plan: Plan,
  environment: Schema.Struct({
    manyload: Schema.String,
    node: Schema.String,
    platform: Schema.String,
    arch: Schema.String,
    cpu: Schema.String,
    cores: Schema.Int,
    startedAt: Schema.String,
  }),
  model: Schema.Literals(["closed", "open"]),
  ended: Schema.Literals(["requests", "duration", "stopped", "bail", "deadline", "unreachable"]),
  ...findings,
  rate: Schema.Struct({ asked: Schema.NullOr(Schema.Finite), delivered: Schema.Finite }),
  lateness: Schema.NullOr(Latency),
  duration: Schema.Finite,
  series: Schema.Array(Interval),
  thresholds: Schema.Array(
    Schema.Struct({
      threshold: Schema.String,
      actual: Schema.NullOr(Schema.Finite),
      unit: Schema.Literals(["ms", "%", "requests", "requests/s"]),
      ok: Schema.Boolean,
    }),
  ),
  routes: Schema.Array(Route),
  warnings: Schema.Array(Warning),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

/**
 * Whether a value is a report.
 *
 * @category guards
 * @since 0.1.0
 */
export const isReport: (value: unknown) => value is Report = Schema.is(Report)

/**
 * The report as plain JSON data.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode: (report: Report) => typeof Report.Encoded = Schema.encodeSync(Report)

/**
 * Reads what `encode` wrote; fails with a `SchemaError` for anything else.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = Schema.decodeUnknownEffect(Report)

/**
 * The run in one honest sentence: how many requests, what became of them, at what rate, which
 * thresholds did not hold, and what to doubt.
 *
 * @category formatting
 * @since 0.1.0
 */
export const headline: (report: Report) => string = Headline.of
