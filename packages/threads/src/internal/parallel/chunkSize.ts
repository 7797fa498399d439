/**
 * How many items go into one task, from the time that items took so far. Arithmetic only.
 *
 * Too few, and the cost of a task (tens of microseconds) counts; too many, and at the end one thread
 * works while the others have nothing. So a task should take a fixed time, and at the end less.
 */

export interface Pace {
  /** Milliseconds per item, smoothed; undefined before anything was measured. */
  readonly perItem: number | undefined
  /** The largest number of items that may be tried. */
  readonly reach: number
}

/** Nothing is known of the first item: it may take an hour. */
export const start: Pace = { perItem: undefined, reach: 1 }

const SMOOTHING = 0.5
const GROWTH = 4

/** @param millis what a task with so many items took */
export const learn = (pace: Pace, items: number, millis: number): Pace => {
  const measured = Math.max(millis, 0) / items
  const before = pace.perItem ?? measured
  return {
    perItem: before + (measured - before) * SMOOTHING,
    // A chunk that was tried allows one four times as large, not more: items may differ.
    reach: Math.max(pace.reach, items * GROWTH),
  }
}

/**
 * @param targetMillis what a task should take
 * @param remaining items that are left, where that is known
 * @param lanes how many tasks run at once
 */
export const choose = (
  pace: Pace,
  targetMillis: number,
  remaining: number | undefined,
  lanes: number,
): number => {
  const { perItem } = pace
  const ideal = perItem === undefined ? 1 : perItem === 0 ? pace.reach : targetMillis / perItem
  const wanted = Math.max(1, Math.min(Math.round(ideal), pace.reach))
  // Towards the end every lane gets a share, and there is one more to even out.
  const fair = remaining === undefined ? wanted : Math.max(1, Math.ceil(remaining / (2 * lanes)))
  return Math.min(wanted, fair)
}
