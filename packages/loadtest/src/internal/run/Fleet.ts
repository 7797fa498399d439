/**
 * The generators of a run, at home or on threads, seen as one. The conductor of a run starts and stops
 * them and gets their parcels.
 */
import { performance } from "node:perf_hooks"

import * as Dial from "../engine/dial.ts"
import type { Ending, Outcome } from "../engine/Generator.ts"
import * as Generator from "../engine/Generator.ts"
import type { Job } from "../engine/Job.ts"
import { clock } from "../engine/Wire.ts"
import * as Parcel from "./Parcel.ts"

/** How a generator ended; times in ms since 1970. */
export interface Result extends Outcome {
  /** The share of its time that its event loop was busy, from 0 to 1. */
  readonly busy: number
}

export interface Events {
  /** All generators have begun; requests count from then on. In ms since 1970. */
  readonly started: (at: number) => void
  readonly parcel: (parcel: Parcel.Parcel) => void
  /** All generators have ended and delivered everything. */
  readonly ended: (results: ReadonlyArray<Result>) => void
  /** A generator is gone; nothing more comes. */
  readonly lost: (cause: unknown) => void
}

export interface Fleet {
  readonly start: () => void
  /** Asks for parcels now; they may come later. */
  readonly collect: () => void
  readonly stop: (reason: Ending) => void
  readonly cut: (reason: Ending) => void
  /** Everything is closed when it is settled. */
  readonly close: () => Promise<void>
}

/** How often parcels are delivered, in ms. */
const parcelInterval = 1000

/** A generator that says how busy its thread is. */
export const generate = (
  job: Job,
  events: {
    readonly ready: () => void
    readonly parcel: (parcel: Parcel.Parcel) => void
    readonly ended: (result: Result) => void
  },
  encoded: boolean,
) => {
  let load = performance.eventLoopUtilization()
  let timer: NodeJS.Timeout | undefined
  const collect = (): void => Parcel.take(generator.tally, clock.now(), encoded, events.parcel)
  const generator = Generator.make({
    job,
    clock,
    dial: Dial.make(job),
    onReady: events.ready,
    onEnd: (outcome) => {
      clearInterval(timer)
      collect()
      generator.tally.destroy()
      const busy = performance.eventLoopUtilization(load).utilization
      const { endedAt, startedAt, stoppedAt } = outcome
      events.ended({
        ...outcome,
        startedAt: Parcel.toEpoch(startedAt),
        stoppedAt: Parcel.toEpoch(stoppedAt),
        endedAt: Parcel.toEpoch(endedAt),
        busy: Number.isFinite(busy) ? busy : 0,
      })
    },
  })
  return {
    collect,
    prepare: generator.prepare,
    stop: generator.stop,
    cut: generator.cut,
    /** `at` in ms since 1970. */
    begin: (at: number): void => {
      generator.begin(Parcel.fromEpoch(at), () => {
        load = performance.eventLoopUtilization()
        // Parcels begin with what counts, so that they are the intervals of the series.
        timer = setTimeout(() => {
          timer = setInterval(collect, parcelInterval)
        }, job.warmup)
      })
    },
  }
}

/** One generator on this thread. */
export const local = (job: Job, events: Events): Fleet => {
  let over = false
  const generator = generate(
    job,
    {
      ready: () => {
        const now = Parcel.toEpoch(clock.now())
        events.started(now + job.warmup)
        generator.begin(now)
      },
      parcel: events.parcel,
      ended: (result) => {
        over = true
        events.ended([result])
      },
    },
    false,
  )
  return {
    start: generator.prepare,
    collect: () => {
      if (!over) generator.collect()
    },
    stop: generator.stop,
    cut: generator.cut,
    close: () => {
      generator.cut("stopped")
      return Promise.resolve()
    },
  }
}
