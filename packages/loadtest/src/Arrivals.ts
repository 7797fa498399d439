/**
 * When requests are to start in the open model. Arithmetic only; who waits for those times is the
 * generator's.
 *
 * All threads of a run share one schedule: each walks through the whole of it and takes its part,
 * so that a random schedule is the same however many threads there are.
 *
 * @since 0.1.0
 */

/**
 * A part of a ramp: the rate moves in a straight line to `rate` (per second) within `duration` ms.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stage {
  readonly duration: number
  readonly rate: number
}

/**
 * `rate` per second at the beginning; after the last stage its rate holds. `poisson` arrivals are
 * random with these rates and repeatable by the `seed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly rate: number
  readonly stages?: ReadonlyArray<Stage> | undefined
  readonly arrivals?: "constant" | "poisson" | undefined
  readonly seed?: number | undefined
}

/** A stretch of time with its arrivals: from `at` ms on, `before` arrivals came before it. */
interface Stretch {
  readonly at: number
  readonly before: number
  /** Per ms, at its begin, and by how much that changes per ms. */
  readonly rate: number
  readonly slope: number
  readonly duration: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Arrivals {
  /** The intended start of the next request, in ms after the run began; `Infinity` when none comes. */
  readonly next: () => number
  /** How many arrivals are expected before a time, in ms. For constant arrivals: exactly. */
  readonly expected: (time: number) => number
  /** Requests per second that are intended at a time, in ms. */
  readonly rateAt: (time: number) => number
}

const plan = (options: Options): ReadonlyArray<Stretch> => {
  const stretches: Array<Stretch> = []
  let at = 0
  let before = 0
  let rate = options.rate / 1000
  for (const stage of options.stages ?? []) {
    const target = stage.rate / 1000
    const slope = (target - rate) / stage.duration
    stretches.push({ at, before, rate, slope, duration: stage.duration })
    before += ((rate + target) / 2) * stage.duration
    at += stage.duration
    rate = target
  }
  stretches.push({ at, before, rate, slope: 0, duration: Infinity })
  return stretches
}

/** The time at which `count` arrivals have come. */
const timeOf = (stretch: Stretch, count: number): number => {
  if (stretch.slope === 0 && stretch.rate === 0) return Infinity
  const more = count - stretch.before
  if (more <= 0) return stretch.at
  if (stretch.slope === 0) return stretch.at + more / stretch.rate
  // more = rate * t + slope / 2 * t²; this form of the root loses no digits and serves slopes of both signs.
  const root = Math.sqrt(Math.max(0, stretch.rate ** 2 + 2 * stretch.slope * more))
  return stretch.at + (2 * more) / (stretch.rate + root)
}

/** Uniform numbers in (0, 1], repeatable (mulberry32). */
const uniform = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) + 1) / 4_294_967_296
  }
}

/**
 * The schedule from its begin. Constant arrivals of a constant rate come at `index * 1000 / rate`;
 * with stages the n-th one comes when n are expected; Poisson arrivals walk through the same
 * expectation in steps that are distributed exponentially.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Arrivals => {
  const stretches = plan(options)
  const last = stretches.length - 1
  const random = options.arrivals === "poisson" ? uniform(options.seed ?? 1) : undefined
  let index = 0
  let position = 0
  let current = 0

  const stretchAt = (time: number): Stretch | undefined =>
    stretches.findLast((stretch) => stretch.at <= time)

  return {
    next: () => {
      // From the index, so that no error adds up in an hour.
      if (random === undefined) position = index
      else position -= Math.log(random())
      index += 1
      while (current < last && (stretches[current + 1]?.before ?? Infinity) <= position)
        current += 1
      const stretch = stretches[current]
      return stretch === undefined ? Infinity : timeOf(stretch, position)
    },
    expected: (time) => {
      const stretch = time > 0 ? stretchAt(time) : undefined
      if (stretch === undefined) return 0
      const t = time - stretch.at
      return stretch.before + stretch.rate * t + (stretch.slope / 2) * t * t
    },
    rateAt: (time) => {
      const stretch = stretchAt(Math.max(0, time))
      return stretch === undefined
        ? 0
        : (stretch.rate + stretch.slope * (Math.max(0, time) - stretch.at)) * 1000
    },
  }
}

/**
 * Every `of`-th arrival of a schedule, from `part` on: the share of one of several threads.
 *
 * @category combinators
 * @since 0.1.0
 */
export const share = (arrivals: Arrivals, part: number, of: number): Arrivals => {
  const skip = (count: number): void => {
    for (let i = 0; i < count; i += 1) arrivals.next()
  }
  let first = true
  return {
    ...arrivals,
    next: () => {
      skip(first ? part : of - 1)
      first = false
      return arrivals.next()
    },
  }
}
