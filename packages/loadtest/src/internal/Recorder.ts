/**
 * Counts and latencies of one run. Arithmetic only: it knows neither clocks nor sockets.
 *
 * Memory is constant whatever the length of the run: an HDR histogram of microseconds with three
 * significant digits, up to an hour.
 */
import { build } from "hdr-histogram-js"

import type { ErrorClass, Latency, Report } from "../Report.ts"

/** The largest latency that is told apart from larger ones, in µs. */
const highest = 3_600_000_000

const ms = (micros: number): number => Math.round(micros) / 1000

export interface Recorder {
  readonly sent: () => void
  /** A complete answer, `latency` in ms. */
  readonly answered: (status: number, reason: string, latency: number) => void
  readonly failed: (failure: ErrorClass, example: string) => void
  readonly requests: () => {
    readonly sent: number
    readonly ok: number
    readonly failed: number
    readonly inFlight: number
  }
  /** Complete answers so far, whatever their status. */
  readonly answers: () => number
  readonly latency: () => Latency | null
  readonly statuses: () => Record<string, number>
  readonly errors: () => Report["errors"]
}

export const make = (): Recorder => {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: highest,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  })
  const statuses = new Map<number, number>()
  const errors = new Map<ErrorClass, { count: number; example: string }>()
  let sent = 0
  let ok = 0
  let failures = 0
  let inFlight = 0

  const failed = (failure: ErrorClass, example: string): void => {
    inFlight -= 1
    failures += 1
    const seen = errors.get(failure)
    if (seen === undefined) errors.set(failure, { count: 1, example })
    else seen.count += 1
  }

  return {
    sent: () => {
      sent += 1
      inFlight += 1
    },
    answered: (status, reason, latency) => {
      const micros = Math.round(latency * 1000)
      histogram.recordValue(Math.min(Math.max(micros, 1), highest))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status >= 200 && status < 400) {
        inFlight -= 1
        ok += 1
      } else {
        failed("status", `${status} ${reason}`.trim())
      }
    },
    failed,
    requests: () => ({ sent, ok, failed: failures, inFlight }),
    answers: () => histogram.totalCount,
    latency: () => {
      if (histogram.totalCount === 0) return null
      // The histogram answers with the upper end of a bucket, which may lie beyond the largest.
      const at = (percentile: number): number =>
        ms(Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue))
      return {
        unit: "ms",
        count: histogram.totalCount,
        min: ms(histogram.minNonZeroValue),
        mean: ms(histogram.mean),
        stddev: ms(histogram.stdDeviation),
        p50: at(50),
        p75: at(75),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        p999: at(99.9),
        p9999: at(99.99),
        max: ms(histogram.maxValue),
      }
    },
    statuses: () => Object.fromEntries(statuses),
    errors: () =>
      Object.fromEntries([...errors].map(([name, error]) => [name, { ...error }] as const)),
  }
}
