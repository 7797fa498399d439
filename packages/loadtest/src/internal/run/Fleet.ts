/**
 * The generators of a run, at home or on threads, seen as one. The conductor of a run starts and stops
 * them and gets their parcels.
 */
import type { Ending } from "../engine/Generator.ts"
import type { Job } from "../engine/Job.ts"
import { clock } from "../engine/Wire.ts"
import type { Result } from "./Generators.ts"
import * as Paced from "./Paced.ts"
import * as Parcel from "./Parcel.ts"

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

/** One generator on this thread. */
export const local = (job: Job, events: Events): Fleet => {
  let over = false
  const generator = Paced.make(job, {
    ready: () => {
      const now = Parcel.toEpoch(clock.now())
      events.started(now + job.warmup)
      generator.begin(now)
    },
    due: () => generator.lend(events.parcel),
    ended: (result) => {
      over = true
      generator.lend(events.parcel)
      generator.destroy()
      events.ended([result])
    },
  })
  return {
    start: generator.prepare,
    collect: () => {
      if (!over) generator.lend(events.parcel)
    },
    stop: generator.stop,
    cut: generator.cut,
    close: () => {
      generator.cut("stopped")
      return Promise.resolve()
    },
  }
}
