/**
 * The open model: requests have a schedule of their own. Latency counts from there, whatever the
 * server or the generator does in the meantime.
 *
 * A request whose time has come takes a free place on a connection. When there is none, the schedule
 * waits with it: nothing is queued, so an hour behind takes no memory, and no time is forgotten.
 */
import type { Arrivals } from "../../Arrivals.ts"
import { Blame } from "./Blame.ts"
import { type Model, type Parts, timers } from "./Model.ts"
import type { Places } from "./Places.ts"

export interface OpenParts extends Parts {
  /** Before `start`, at negative times. */
  readonly warmup: Arrivals
  readonly warmupTime: number
  readonly arrivals: Arrivals
  /** In ms after `start`: nothing is due from then on. */
  readonly duration: number
  readonly places: Places
  readonly precise: boolean
  /** A request left so late, in ms, because of the generator alone. */
  readonly late: (due: number, ms: number) => void
}

/** How long before a request a sleep ends, in ms: timers are late by about one. The rest is polled. */
const wakeEarly = { precise: 2, sleeping: 1.2 }
/** Requests so far apart, in ms, are worth it: then polling takes a third of a core at most. */
const farApart = 4

export const open = (parts: OpenParts): Model => {
  const { arrivals, clock, exhausted, mix, places, precise, slots, warmup } = parts
  const { after, clear } = timers(clock)
  let source = warmup
  let left = parts.requests
  let start = 0
  let due = 0
  let stopped = false
  /** How far the next request is from the last one, in ms. */
  let apart = 0
  /** While a request waits for a place, nobody but `free` calls `pump`. */
  const blame = new Blame(clock)
  let cancel: (() => void) | undefined

  const goesOn = (): boolean => !stopped
  /** Whether the time of a request that counts is over. */
  const isMissed = (at: number): boolean => due < at && due >= start && left > 0

  const advance = (): void => {
    const before = due
    step()
    apart = due - before
  }
  const step = (): void => {
    if (source === warmup) {
      due = start - parts.warmupTime + warmup.next()
      if (due < start) return
      source = arrivals
    }
    const time = left > 0 ? arrivals.next() : Infinity
    due = time < parts.duration ? start + time : Infinity
  }

  const early = precise ? wakeEarly.precise : wakeEarly.sleeping

  const arm = (wait: number): void => {
    if (!precise && apart < farApart) cancel = clock.after(Math.max(1, wait), pump)
    else if (wait > early) cancel = clock.after(wait - early, pump)
    else cancel = clock.poll(due, pump)
  }

  const pump = (): void => {
    cancel?.()
    cancel = undefined
    while (goesOn()) {
      if (due === Infinity) {
        if (left === 0) exhausted()
        return
      }
      const now = clock.now()
      if (due > now) return arm(due - now)
      const slot = places.take()
      if (slot === undefined) {
        blame.block(now)
        return
      }
      parts.late(due, blame.late(due, now))
      const at = due
      if (at >= start) left -= 1
      advance()
      if (due > now) blame.unblock()
      slots.request(slot, mix(), at, now)
    }
  }

  const free = (slot: number, count: number): void => {
    for (let i = 0; i < count; i += 1) places.give(slot)
    if (blame.blocked) pump()
  }

  return {
    begin: (at) => {
      start = at
      advance()
      pump()
    },
    settled: (slot) => free(slot, 1),
    broken: (slot, lost, rest) => {
      if (rest === 0) free(slot, lost)
      else if (!stopped) after(rest, () => free(slot, lost))
    },
    flush: pump,
    stop: () => {
      stopped = true
      cancel?.()
      clear()
    },
    unsent: (at) => {
      // Whatever else is due was cut off by the end of the run, within a tick of it.
      if (!blame.blocked) return 0
      let count = 0
      while (isMissed(at)) {
        count += 1
        left -= 1
        advance()
      }
      return count
    },
  }
}
