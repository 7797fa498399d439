/**
 * The closed model: each slot sends its next request when the last has ended. Latency counts from
 * when the slot became free, so a stalled server is asked less.
 */
import { type Model, type Parts, timers } from "./Model.ts"

export const closed = ({ clock, exhausted, mix, requests, slots }: Parts): Model => {
  const { after, clear, each } = timers(clock)
  let left = requests
  let start = 0
  let stopped = false

  const goesOn = (): boolean => !stopped && left > 0

  const fill = (slot: number): void => {
    while (goesOn() && !slots.isFull(slot)) {
      const now = clock.now()
      if (now >= start) left -= 1
      slots.request(slot, mix(), now, now)
    }
    if (left === 0) exhausted()
  }

  return {
    begin: (at) => {
      start = at
      // To open thousands of connections takes the kernel longer than some runs last.
      each(slots.size, fill)
    },
    settled: fill,
    broken: (slot, _lost, rest) => {
      if (rest === 0) fill(slot)
      else if (goesOn()) after(rest, () => fill(slot))
    },
    flush: () => {},
    stop: () => {
      stopped = true
      clear()
    },
    unsent: () => 0,
  }
}
