/** Counts of durations by powers of two: bucket i holds what took less than 2^i / 1024 ms. */
export class Histogram {
  readonly buckets: Array<number> = Array.from({ length: 40 }, () => 0)
  count = 0
  /** µs, together. */
  sum = 0
  /** µs; 0 of nothing, as `max`. */
  min = 0
  max = 0

  /** @param micros the duration of each of `count` */
  record(micros: number, count = 1): void {
    // 2^i of these are 2^i / 1024 ms.
    const units = micros * 1.024
    const bucket = units < 1 ? 0 : Math.min(39, 32 - Math.clz32(Math.min(units, 2 ** 31)))
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + count
    if (micros > this.max) this.max = micros
    if (micros < this.min || this.count === 0) this.min = micros
    this.count += count
    this.sum += micros * count
  }

  /** The upper bound, in µs, of the bucket in which this share of all lies; 0 of nothing. */
  percentile(share: number): number {
    let left = this.count * share
    if (this.count === 0) return 0
    for (const [i, count] of this.buckets.entries()) {
      left -= count
      if (left <= 0) return Math.min(2 ** i / 1.024, this.max)
    }
    return this.max
  }

  /** How many took less than `millis`, which is a power of two of them: exactly; between two, too few. */
  countTo(millis: number): number {
    if (millis === Number.POSITIVE_INFINITY) return this.count
    let count = 0
    for (const [i, one] of this.buckets.entries()) if (2 ** i / 1024 <= millis) count += one
    return count
  }
}
