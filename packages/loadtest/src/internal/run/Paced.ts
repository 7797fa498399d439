/** A generator that has a parcel due once a second, and says how busy its thread is. */
import { performance } from "node:perf_hooks"

import * as Dial from "../engine/dial.ts"
import * as Generator from "../engine/Generator.ts"
import type { Job } from "../engine/Job.ts"
import { clock } from "../engine/Wire.ts"
import type * as Generators from "./Generators.ts"
import * as Parcel from "./Parcel.ts"

/** How often parcels are due, in ms. */
const interval = 1000

export const make = (
  job: Job,
  events: {
    /** It is prepared: tell it to begin. */
    readonly ready: () => void
    readonly due: () => void
    /** It has ended; one last parcel is there. */
    readonly ended: (result: Generators.Result) => void
  },
) => {
  let load = performance.eventLoopUtilization()
  let timer: NodeJS.Timeout | undefined
  const { begin, cut, prepare, stop, tally } = Generator.make({
    job,
    clock,
    dial: Dial.make(job),
    onReady: events.ready,
    onEnd: (outcome) => {
      clearInterval(timer)
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
    prepare,
    stop,
    cut,
    /** `at` in ms since 1970. */
    begin: (at: number): void => {
      begin(Parcel.fromEpoch(at), () => {
        load = performance.eventLoopUtilization()
        // Parcels begin with what counts, so that they are the intervals of the series.
        timer = setTimeout(() => {
          timer = setInterval(events.due, interval)
        }, job.warmup)
      })
    },
    /** What was counted since the last parcel, for another thread. */
    take: (): Generators.Parcel => Parcel.take(tally, clock.now()),
    /** The same for this one: it is there until `use` returns. */
    lend: (use: (parcel: Parcel.Parcel) => void): void => Parcel.lend(tally, clock.now(), use),
    /** Frees the counts; nothing is taken any more. */
    destroy: (): void => tally.destroy(),
  }
}
