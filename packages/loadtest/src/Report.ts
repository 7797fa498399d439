/**
 * What a run found: a typed, versioned document, and the one sentence that sums it up.
 *
 * Measuring is `LoadTest`'s; printing tables is the command's.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

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
 * - `status`: a complete answer whose status is not 2xx or 3xx
 * - `refused`: nobody listens there
 * - `reset`: the connection was closed or reset before an answer, or reset in the middle of one
 * - `timeout`: no complete answer within the plan's timeout
 * - `dns`: the name of the host could not be resolved
 * - `malformed`: the answer is not HTTP
 * - `truncated`: the connection was closed in the middle of an answer
 * - `other`: anything else, such as no more ports or file descriptors
 *
 * @category models
 * @since 0.1.0
 */
export const Errors = Schema.Struct({
  status: Failures,
  refused: Failures,
  reset: Failures,
  timeout: Failures,
  dns: Failures,
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
 * Latencies of the complete answers, whatever their status, in ms; three significant digits, `min`
 * and `max` to the microsecond. Requests without a complete answer are in `errors`, not here.
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
 * The report of a run.
 *
 * - `plan`: the plan that was run, defaults filled in
 * - `environment`: where and when it was run
 * - `model`: `closed`, that is each connection sends its next request when the last is answered, so
 *   a slow server is asked less; latency counts from when the connection became free
 * - `ended`: by what the run ended: all `requests` sent, the `duration`, `stopped` by hand, or
 *   `unreachable` (no connection could be opened, so the run gave up)
 * - `rate.delivered`: complete answers per second, from the first request to the last answer
 * - `latency`: `null` when there was no complete answer at all
 * - `statuses`: complete answers by status code
 * - `errors`: failed requests by class, each with an example
 * - `duration`: from the first request to the end of the run, in ms
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
  model: Schema.Literal("closed"),
  ended: Schema.Literals(["requests", "duration", "stopped", "unreachable"]),
  requests: Requests,
  rate: Schema.Struct({ delivered: Schema.Finite }),
  latency: Schema.NullOr(Latency),
  statuses: Schema.Record(Schema.String, Schema.Int),
  errors: Errors,
  duration: Schema.Finite,
})

/**
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

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

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })

const perSecond = (rate: number): string =>
  `${(rate >= 100 ? whole : precise).format(rate)} requests/s`

const plural = (n: number, word: string): string =>
  `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`

/**
 * The run in one honest sentence: how many requests, what became of them, at what rate, and what to
 * doubt.
 *
 * @category formatting
 * @since 0.1.0
 */
export const headline = (report: Report): string => {
  const { failed, inFlight, ok, sent } = report.requests
  const errors = Object.entries(report.errors).toSorted(([, a], [, b]) => b.count - a.count)
  const classes = errors.map(([name, { count }]) => `${whole.format(count)} ${name}`).join(", ")
  const worst = errors[0]?.[1]
  const parts: Array<string> = []
  if (sent === 0) {
    parts.push("no request was sent")
  } else if (ok === 0 && failed > 0) {
    const example = errors.length === 1 && worst !== undefined ? ` (${worst.example})` : ""
    parts.push(`${plural(sent, "request")}, none succeeded: ${classes}${example}`)
  } else if (failed > 0) {
    parts.push(`${plural(sent, "request")}, ${whole.format(failed)} failed: ${classes}`)
  } else if (inFlight === 0) {
    parts.push(`${plural(sent, "request")}, all answered`)
  } else {
    parts.push(`${plural(sent, "request")}, ${whole.format(ok)} answered`)
  }
  if (inFlight > 0) {
    parts.push(`${whole.format(inFlight)} still unanswered at the end and in no latency`)
  }
  if (report.latency !== null) parts.push(perSecond(report.rate.delivered))
  if (report.ended === "stopped") parts.push("stopped early")
  if (report.ended === "unreachable") parts.push("gave up")
  return `${parts.join("; ")}.`
}
