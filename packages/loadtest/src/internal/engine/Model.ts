/** What decides when requests are sent: the closed or the open model. */
import type { Slots } from "./Slots.ts"
import type { Clock } from "./Wire.ts"

export interface Model {
  /** `start`: the time from which on requests count. */
  readonly begin: (start: number) => void
  readonly settled: (slot: number) => void
  /** The slot should rest for so many ms. */
  readonly broken: (slot: number, lost: number, rest: number) => void
  /** Sends what is due at this moment. */
  readonly flush: () => void
  /** Sends nothing more. */
  readonly stop: () => void
  /** Requests that count and were due before `at`, but for which there never was a free place. */
  readonly unsent: (at: number) => number
}

/** What models are made of. */
export interface Parts {
  readonly slots: Slots
  readonly clock: Clock
  /** The route of the next request. */
  readonly mix: () => number
  /** How many requests that count to send; `Infinity` for no limit. */
  readonly requests: number
  /** Everything was sent. */
  readonly exhausted: () => void
}

/** So many calls of `each` are made at once, and then more for so long at a time, in ms. */
const atOnce = 256
const turn = 20

/** Calls that can be made earlier, all at once, or never. */
export const timers = (clock: Clock) => {
  const waiting = new Set<() => void>()
  const hold = (arm: (call: () => void) => () => void, call: () => void): void => {
    const cancel = arm(() => {
      waiting.delete(cancel)
      call()
    })
    waiting.add(cancel)
  }
  const at = (time: number, call: () => void): void => {
    const wait = time - clock.now()
    if (wait <= 0) return call()
    hold(
      (again) => (wait < 1 ? clock.poll(time, again) : clock.after(wait, again)),
      () => at(time, call),
    )
  }
  const after = (ms: number, call: () => void): void => hold((fire) => clock.after(ms, fire), call)
  /** Calls with each number below `count`; between many of them, others get their turn. */
  const each = (count: number, call: (index: number) => void, from = 0): void => {
    const until = clock.now() + turn
    for (let index = from; index < count; index += 1) {
      if (index - from >= atOnce && clock.now() >= until) {
        return after(0, () => each(count, call, index))
      }
      call(index)
    }
  }
  return {
    after,
    each,
    /** Not before a time of the clock: Node's timers come up to a millisecond early. */
    at,
    clear: (): void => {
      for (const cancel of waiting) cancel()
      waiting.clear()
    },
  }
}
