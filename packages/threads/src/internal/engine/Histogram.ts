/** Counts of durations by powers of two: bucket i holds what took less than 2^i µs. */
export class Histogram {
  readonly buckets: Array<number> = Array.from({ length: 40 }, () => 0)
  count = 0
  sum = 0
  max = 0

  /** @param micros the duration of each of `count` */
  record(micros: number, count = 1): void {
    const bucket = micros < 1 ? 0 : Math.min(39, 32 - Math.clz32(Math.min(micros, 2 ** 31)))
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + count
    this.count += count
    this.sum += micros * count
    if (micros > this.max) this.max = micros
  }

  /** The upper bound, in µs, of the bucket in which this share of all lies; 0 of nothing. */
  percentile(share: number): number {
    let left = this.count * share
    if (this.count === 0) return 0
    for (const [i, count] of this.buckets.entries()) {
      left -= count
      if (left <= 0) return Math.min(2 ** i, this.max)
    }
    return this.max
  }
}
