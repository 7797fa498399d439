/**
 * How the latencies of a report are spread: the bars of its histogram.
 *
 * @since 0.1.0
 */
import { JsHistogram, decodeFromCompressedBase64 } from "hdr-histogram-js"

/**
 * `count` latencies were from `from` up to `to`, in ms.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** Recorded values in µs, ascending, each with how often it was recorded. */
type Values = ReadonlyArray<readonly [value: number, count: number]>

const read = (histogram: string): Values => {
  const decoded = decodeFromCompressedBase64(histogram, 64)
  // Every decoder but the WebAssembly one gives this class, and that one was not asked for.
  if (!(decoded instanceof JsHistogram)) throw new TypeError("a histogram of an unknown kind")
  const iterator = decoded.recordedValuesIterator
  const values: Array<readonly [number, number]> = []
  iterator.reset()
  while (iterator.hasNext()) {
    const { countAtValueIteratedTo, valueIteratedTo } = iterator.next()
    values.push([valueIteratedTo, countAtValueIteratedTo])
  }
  return values
}

/**
 * Cuts the range of the latencies into bars, each as many times longer than the one before it: the
 * tail of a distribution is often a hundred times its middle. Bars without any latency are among
 * them; the counts add up to those of the histogram. Empty when the histogram is.
 *
 * Throws for what is no histogram.
 *
 * @param histogram of a report: HdrHistogram's compressed V2 encoding of µs, as base64
 * @param bars how many, at least 1; fewer when the latencies are too much alike; default 10
 * @category constructors
 * @since 0.1.0
 */
export const make = (histogram: string, bars = 10): ReadonlyArray<Bar> => {
  const values = read(histogram)
  const first = values[0]
  const last = values.at(-1)
  if (first === undefined || last === undefined) return []
  // Less than a µs is a µs here: nothing is so many times longer than nothing.
  const min = Math.max(1, first[0])
  const ratio = Math.max(1, last[0] / min)
  // The histogram knows three digits: bars less than 1 % long would be gaps of its own grid.
  const count = Math.max(1, Math.min(bars, Math.floor(Math.log(ratio) / Math.log(1.01))))
  const edge = (i: number): number => (min * ratio ** (i / count)) / 1000
  const counts = Array.from({ length: count }, () => 0)
  for (const [value, times] of values) {
    const at = ratio > 1 ? (Math.log(Math.max(1, value) / min) / Math.log(ratio)) * count : 0
    const i = Math.min(count - 1, Math.max(0, Math.floor(at)))
    counts[i] = (counts[i] ?? 0) + times
  }
  return counts.map((times, i) => ({ from: edge(i), to: edge(i + 1), count: times }))
}
