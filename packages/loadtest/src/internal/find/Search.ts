/**
 * Which rate to try next: arithmetic only, `Find` does the trying.
 *
 * 1. From `from` the rate doubles as long as it holds, or halves until one holds.
 * 2. Between the highest that held and the lowest that failed the next one is their geometric mean,
 *    until they are closer than `precision`.
 *
 * A rate fails only when it fails twice in a row: a moment's noise must not decide. One that held is
 * not tried again.
 */

export interface Limits {
  /** Requests per second. */
  readonly min: number
  readonly max: number
  readonly from: number
  /** How close the answer is to be, as a share: 0.05 for 5 %. */
  readonly precision: number
}

export interface Search {
  /** The highest rate that held. */
  readonly low: number | null
  /** The lowest rate that failed. */
  readonly high: number | null
  /** The rate that has failed once. */
  readonly doubted: number | null
}

export const begin: Search = { low: null, high: null, doubted: null }

/** The next rate to try; or how the search ends, with `low` as its answer. */
export type Next =
  | { readonly _tag: "Try"; readonly rate: number }
  | { readonly _tag: "End"; readonly ended: "found" | "max" | "min" }

const attempt = (rate: number): Next => ({ _tag: "Try", rate })
const end = (ended: "found" | "max" | "min"): Next => ({ _tag: "End", ended })

/** Three digits: nobody asks for 447.2135955 requests per second. */
const round = (rate: number): number => Number(rate.toPrecision(3))

export const next = (
  { doubted, high, low }: Search,
  { from, max, min, precision }: Limits,
): Next => {
  if (doubted !== null) return attempt(doubted)
  if (low === null && high === null) return attempt(Math.min(max, Math.max(min, from)))
  if (high === null)
    return low !== null && low >= max ? end("max") : attempt(Math.min(max, (low ?? min) * 2))
  if (low === null) return high <= min ? end("min") : attempt(Math.max(min, round(high / 2)))
  const middle = round(Math.sqrt(low * high))
  return high / low <= 1 + precision || middle <= low || middle >= high
    ? end("found")
    : attempt(middle)
}

export const after = (search: Search, rate: number, held: boolean): Search => {
  if (held) return { ...search, low: Math.max(search.low ?? 0, rate), doubted: null }
  return search.doubted === rate
    ? { ...search, high: Math.min(search.high ?? Infinity, rate), doubted: null }
    : { ...search, doubted: rate }
}
