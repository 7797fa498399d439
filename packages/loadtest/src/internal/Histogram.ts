/**
 * The histograms of a run: HdrHistogram's, of microseconds up to an hour, three significant digits.
 * In WebAssembly, which records in a third of the time; `ready` must be called once before.
 *
 * They live outside of the JavaScript heap: whoever makes one destroys it.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssemblySync,
} from "hdr-histogram-js"

import type { Latency } from "../Report.ts"

export type { Histogram }

/** The largest value that is told apart from larger ones, in µs. */
const highest = 3_600_000_000

/** At once: the way that waits asks for `Response`, with which Node loads its whole HTTP client. */
export const ready: () => void = initWebAssemblySync

/** `counts`: how large one count may get, in bits. */
export const make = (counts: 32 | 64 = 32): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: highest,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
    bitBucketSize: counts,
    useWebAssembly: true,
  })

/** HdrHistogram's V2 encoding, compressed, as base64. */
export const encode: (histogram: Histogram) => string = encodeIntoCompressedBase64

/** The caller destroys it. */
const decode = (text: string): Histogram => decodeFromCompressedBase64(text, 32, true)

/** Adds an encoded histogram to another one. */
export const addEncoded = (to: Histogram, text: string): void => {
  const other = decode(text)
  to.add(other)
  other.destroy()
}

/** What fits into the histogram, in whole µs. */
export const toMicros = (ms: number): number => {
  const micros = Math.round(ms * 1000)
  return micros < 1 ? 1 : micros > highest ? highest : micros
}

const ms = (micros: number): number => Math.round(micros) / 1000

/** In ms; `percentile` from 0 to 100. The histogram must not be empty. */
const percentile = (histogram: Histogram, percentile: number): number =>
  // It answers with the upper end of a bucket, which may lie beyond the largest value.
  ms(Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue))

/** In ms, of an encoded histogram that is not empty; also before `ready`. */
export const percentileOf = (text: string, percent: number): number =>
  percentile(decodeFromCompressedBase64(text, 32, false), percent)

/** One figure of a histogram in ms; `null` when it is empty. */
export const stat = (
  histogram: Histogram,
  name: number | "min" | "mean" | "max" | "stddev",
): number | null => {
  if (histogram.totalCount === 0) return null
  if (typeof name === "number") return percentile(histogram, name)
  switch (name) {
    case "min":
      return ms(histogram.minNonZeroValue)
    case "mean":
      return ms(histogram.mean)
    case "max":
      return ms(histogram.maxValue)
    case "stddev":
      return ms(histogram.stdDeviation)
  }
}

/** `null` when it is empty. */
export const summary = (histogram: Histogram): Latency | null => {
  if (histogram.totalCount === 0) return null
  return {
    unit: "ms",
    count: histogram.totalCount,
    min: ms(histogram.minNonZeroValue),
    mean: ms(histogram.mean),
    stddev: ms(histogram.stdDeviation),
    p50: percentile(histogram, 50),
    p75: percentile(histogram, 75),
    p90: percentile(histogram, 90),
    p95: percentile(histogram, 95),
    p99: percentile(histogram, 99),
    p999: percentile(histogram, 99.9),
    p9999: percentile(histogram, 99.99),
    max: ms(histogram.maxValue),
  }
}
