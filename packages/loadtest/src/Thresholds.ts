/**
 * Sentences that a run must fulfil, such as `p99 < 200ms`: reading them, and judging them by what was
 * measured. Pure; whether a failed one ends a program with an error is the caller's.
 *
 * | measure                                        | compared with                              |
 * | ---------------------------------------------- | ------------------------------------------ |
 * | `p50`, `p99`, `p99.9`, `min`, `mean`, `max`, `stddev` of the latency; of others with their name in front: `service.p99`, `lateness.max` | a time: `200ms`, `1.5s`, `800us`, `1m` |
 * | `failed`, `ok`: requests, of those sent        | a share, `1%`, or a count, `10`            |
 * | `rate`: complete answers per second            | a share of the rate asked for, `99%`, or a number, `5000` |
 *
 * The signs are `<`, `<=`, `>` and `>=`.
 *
 * @since 0.1.0
 */

/**
 * What a sentence measures.
 *
 * @category models
 * @since 0.1.0
 */
export type Measure =
  | {
      readonly _tag: "Time"
      readonly of: "latency" | "service" | "lateness"
      /** A percentile from 0 (excluded) to 100. */
      readonly stat: number | "min" | "mean" | "max" | "stddev"
    }
  | { readonly _tag: "Count"; readonly of: "failed" | "ok"; readonly share: boolean }
  | { readonly _tag: "Rate"; readonly share: boolean }

/**
 * A sentence, read. `limit` is in ms, in percent, in requests or in requests per second.
 *
 * @category models
 * @since 0.1.0
 */
export interface Threshold {
  readonly sentence: string
  readonly measure: Measure
  readonly sign: "<" | "<=" | ">" | ">="
  readonly limit: number
}

/**
 * What sentences are judged by. A time that was never measured is `null`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Facts {
  readonly time: (
    of: "latency" | "service" | "lateness",
    stat: number | "min" | "mean" | "max" | "stddev",
  ) => number | null
  readonly requests: { readonly sent: number; readonly ok: number; readonly failed: number }
  readonly rate: { readonly asked: number | null; readonly delivered: number }
}

/**
 * A sentence, judged. `actual` is `null`, and `ok` false, when there was nothing to measure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verdict {
  readonly threshold: string
  readonly actual: number | null
  readonly unit: "ms" | "%" | "requests" | "requests/s"
  readonly ok: boolean
}

const units: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const shape =
  /^\s*([a-z]+\.)?([a-z]+[\d.]*)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(%|\/s|[a-zµ]+)?\s*$/i

const isSummary = (name: string): name is "min" | "mean" | "max" | "stddev" =>
  ["min", "mean", "max", "stddev"].includes(name)

const isSign = (sign: string): sign is Threshold["sign"] => ["<", "<=", ">", ">="].includes(sign)

/** `p99.9` is written; `p999` and `p9999` are how the report calls them. */
const toStat = (name: string): (Measure & { _tag: "Time" })["stat"] | undefined => {
  if (isSummary(name)) return name
  if (name === "p999") return 99.9
  if (name === "p9999") return 99.99
  const match = /^p(\d+(?:\.\d+)?)$/.exec(name)
  const percentile = Number(match?.[1])
  return percentile > 0 && percentile <= 100 ? percentile : undefined
}

const read = (sentence: string): Threshold | string => {
  const match = shape.exec(sentence)
  const sign = match?.[3]
  if (match === null || sign === undefined || !isSign(sign)) {
    return `must look like "p99 < 200ms", "failed < 1%" or "rate >= 99%", got ${JSON.stringify(sentence)}`
  }
  const family = match[1]?.slice(0, -1).toLowerCase()
  const name = (match[2] ?? "").toLowerCase()
  const value = Number(match[4])
  const unit = match[5]?.toLowerCase()
  const share = unit === "%"
  if (family === undefined && (name === "failed" || name === "ok" || name === "rate")) {
    const perSecond = name === "rate" && unit === "/s"
    if (unit !== undefined && !share && !perSecond) {
      return `must compare ${name} with a number or a share such as 99%, got ${JSON.stringify(sentence)}`
    }
    const measure: Measure =
      name === "rate" ? { _tag: "Rate", share } : { _tag: "Count", of: name, share }
    return { sentence, measure, sign, limit: value }
  }
  const of = family ?? "latency"
  const stat = toStat(name)
  if (stat === undefined || (of !== "latency" && of !== "service" && of !== "lateness")) {
    return `must measure min, mean, max, stddev, a percentile such as p99 or p99.9 (of latency, service or lateness), failed, ok or rate, got ${JSON.stringify(sentence)}`
  }
  const factor = units[unit ?? ""]
  if (factor === undefined) {
    return `must compare ${name} with a time such as 200ms or 1.5s, got ${JSON.stringify(sentence)}`
  }
  return { sentence, measure: { _tag: "Time", of, stat }, sign, limit: value * factor }
}

/**
 * What is wrong with a sentence, to be put after the field's name; `undefined` when nothing is.
 *
 * @category parsing
 * @since 0.1.0
 */
export const problem = (sentence: string): string | undefined => {
  const found = read(sentence)
  return typeof found === "string" ? `thresholds ${found}` : undefined
}

/**
 * Reads a sentence that `problem` found nothing wrong with; throws for any other.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (sentence: string): Threshold => {
  const found = read(sentence)
  if (typeof found === "string") throw new TypeError(`a threshold ${found}`)
  return found
}

const compare = (a: number, sign: Threshold["sign"], b: number): boolean => {
  switch (sign) {
    case "<":
      return a < b
    case "<=":
      return a <= b
    case ">":
      return a > b
    case ">=":
      return a >= b
  }
}

const percent = (part: number, whole: number): number | null =>
  whole > 0 ? (part * 100) / whole : null

/** What a measure came to, in the unit of its limit. */
const measured = (
  measure: Measure,
  facts: Facts,
): { readonly actual: number | null; readonly unit: Verdict["unit"] } => {
  switch (measure._tag) {
    case "Time":
      return { actual: facts.time(measure.of, measure.stat), unit: "ms" }
    case "Count": {
      const count = facts.requests[measure.of]
      return measure.share
        ? { actual: percent(count, facts.requests.sent), unit: "%" }
        : { actual: count, unit: "requests" }
    }
    case "Rate": {
      const { asked, delivered } = facts.rate
      return measure.share
        ? { actual: asked === null ? null : percent(delivered, asked), unit: "%" }
        : { actual: delivered, unit: "requests/s" }
    }
  }
}

/**
 * Judges a sentence by what was measured.
 *
 * @category judging
 * @since 0.1.0
 */
export const judge = (threshold: Threshold, facts: Facts): Verdict => {
  const { actual, unit } = measured(threshold.measure, facts)
  return {
    threshold: threshold.sentence,
    actual,
    unit,
    ok: actual !== null && compare(actual, threshold.sign, threshold.limit),
  }
}
