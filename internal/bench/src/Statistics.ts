/**
 * Arithmetic of a few rounds. Pure. Percentiles of many values are `@manycore/loadtest`'s.
 *
 * @since 0.1.0
 */

/**
 * The middle value, or the mean of the two middle ones. NaN of nothing.
 *
 * @since 0.1.0
 */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  // Halves first: the sum of two large values may be infinite.
  return lower === upper ? lower : lower / 2 + upper / 2
}

/** @category models */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * Median, smallest and largest of at least one value.
 *
 * @since 0.1.0
 */
export const spread = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
})

/**
 * `value / raw`; null when there is no raw, when it is 0, or when the quotient is beyond a number.
 *
 * @since 0.1.0
 */
export const ratio = (value: number, raw: number | undefined): number | null => {
  if (raw === undefined || raw === 0) return null
  return Number.isFinite(value / raw) ? value / raw : null
}
