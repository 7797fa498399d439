/**
 * One generator: sends its part of a plan and counts what becomes of it, on one thread. No Effect in
 * here: these calls are made once per request.
 *
 * It ends, always once, in one of these ways:
 *
 * 1. All of its requests were sent and each has ended; each ends within `timeout`.
 * 2. The duration is over, `stop` was called, too many requests failed, or nobody can be reached:
 *    nothing more is sent, answers on their way are awaited for `grace`.
 * 3. `cut`: at once.
 *
 * What has no answer by then is in flight. In each case every socket is closed.
 */
import * as Arrivals from "../../Arrivals.ts"
import type { Report } from "../../Report.ts"
import { closed } from "./closed.ts"
import type { Owner, Shared } from "./Connection.ts"
import type { Job } from "./Job.ts"
import * as Mix from "./Mix.ts"
import { type Model, type Parts, timers } from "./Model.ts"
import { open } from "./open.ts"
import { Places } from "./Places.ts"
import { Slots } from "./Slots.ts"
import { Tally } from "./Tally.ts"
import type { Clock, Dial } from "./Wire.ts"

export type Ending = Report["ended"]

/** How a generator ended; times in ms of its clock. */
export interface Outcome {
  readonly ended: Ending
  /** Of those that count. */
  readonly inFlight: number
  /** Their time had come before `stoppedAt`, but they were not sent. */
  readonly unsent: number
  /** Connections of the closed model that there was no time to open. */
  readonly unopened: number
  /** Complete answers that came after `stoppedAt`. */
  readonly lateAnswers: number
  readonly startedAt: number
  /** Nothing was sent any more. */
  readonly stoppedAt: number
  readonly endedAt: number
}

export interface Options {
  readonly job: Job
  readonly dial: Dial
  readonly clock: Clock
  /** It is prepared. */
  readonly onReady: () => void
  readonly onEnd: (outcome: Outcome) => void
}

export interface Generator {
  readonly tally: Tally
  /** Opens connections ahead, if the job says so. */
  readonly prepare: () => void
  /** Begins with the warm-up at a time of its clock; tells when it does. */
  readonly begin: (at: number, onBegin: () => void) => void
  readonly stop: (reason: Ending) => void
  readonly cut: (reason: Ending) => void
}

/** How often requests are looked at that may have timed out, in ms. */
const sweepOf = (timeout: number): number => Math.max(1, Math.min(100, timeout / 10))

/** After so many failed attempts at a rate nobody is thought to be there. */
const maxUnreached = 50

const openModel = (parts: Parts, job: Job, places: Places, tally: Tally): Model | undefined => {
  const { schedule } = job
  if (schedule === undefined) return undefined
  // A ramp from 0 is warmed up with what it ramps to first.
  const steady =
    schedule.rate > 0
      ? schedule.rate
      : (schedule.stages?.find((stage) => stage.rate > 0)?.rate ?? 0)
  const share = (options: Arrivals.Options): Arrivals.Arrivals =>
    Arrivals.share(Arrivals.make({ ...schedule, ...options }), job.part, job.parts)
  return open({
    ...parts,
    warmup: share({ rate: steady, stages: undefined }),
    warmupTime: job.warmup,
    arrivals: share({ rate: schedule.rate }),
    duration: job.duration,
    places,
    precise: schedule.precise,
    late: (due, ms) => tally.late(due, ms),
  })
}

export const make = (options: Options): Generator => {
  const { clock, dial, job } = options
  const tally = new Tally(job.routes.length)
  let ending: Ending | undefined
  let ended = false
  let startedAt = 0
  let stoppedAt = 0
  let lateAnswers = 0
  let opening = 0
  let attempts = 0
  let reachedAnybody = false
  const { after, at, clear, each } = timers(clock)

  // Connections that are all opened at once have all tried before nobody is thought to be there.
  const nobodyThere = (): boolean =>
    !reachedAnybody &&
    attempts > 0 &&
    attempts >= (job.schedule === undefined ? slots.size : Math.min(slots.size, maxUnreached))

  const owner: Owner = {
    opened: () => {
      opening -= 1
      if (opening === 0 && ending === undefined) options.onReady()
    },
    connected: () => {
      reachedAnybody = true
    },
    settled: (slot) => {
      if (ending !== undefined) lateAnswers += 1
      slots.settled(slot)
      if (tally.failures >= job.bail) stop("bail")
      model.settled(slot)
      check()
    },
    broken: (slot, lost, reached, waited) => {
      const rest = slots.broken(slot, lost, reached, waited)
      attempts += 1
      if (nobodyThere()) stop("unreachable")
      if (tally.failures >= job.bail) stop("bail")
      model.broken(slot, lost, rest)
      check()
    },
  }
  const shared: Shared = {
    dial,
    clock,
    tally,
    owner,
    requests: job.routes.map((route) => ({ ...route, bytes: Buffer.from(route.bytes) })),
    pipelining: job.pipelining,
    keepAlive: job.keepAlive,
    timeout: job.timeout,
  }
  const limit =
    job.schedule === undefined ? Math.min(job.connections, job.requests) : job.connections
  const slots = new Slots(shared, limit, job.origins.length)
  const parts: Parts = {
    slots,
    clock,
    mix: Mix.make(job.routes.map((route) => route.weight)),
    requests: job.requests,
    exhausted: () => stop("requests"),
  }
  const places = new Places(limit, job.pipelining, job.ahead)
  const model = openModel(parts, job, places, tally) ?? closed(parts)

  const finish = (): void => {
    if (ended) return
    ended = true
    model.stop()
    clear()
    const inFlight = slots.inFlightSince(tally.countFrom)
    const endedAt = clock.now()
    const unsent = model.unsent(stoppedAt)
    const unopened = job.schedule === undefined ? slots.unused : 0
    slots.destroy()
    // Everything was sent, but to nobody.
    const how = ending === "requests" && nobodyThere() ? "unreachable" : (ending ?? "stopped")
    options.onEnd({
      ended: how,
      inFlight,
      unsent,
      unopened,
      lateAnswers,
      startedAt,
      stoppedAt,
      endedAt,
    })
  }
  const check = (): void => {
    if (ending !== undefined && slots.inFlight === 0) finish()
  }
  const stop = (reason: Ending): void => {
    if (ending !== undefined) return
    ending = reason
    stoppedAt = clock.now()
    model.stop()
    // Requests end by themselves: an answer, a failure, or the timeout.
    if (reason !== "requests") after(job.grace, finish)
    clock.after(0, check)
  }
  const sweep = (): void => {
    slots.expire(clock.now())
    if (!ended) after(sweepOf(job.timeout), sweep)
  }
  const begin = (): void => {
    if (job.duration !== Infinity) {
      at(startedAt + job.duration, () => {
        model.flush()
        stop("duration")
      })
    }
    model.begin(startedAt)
  }

  return {
    tally,
    prepare: () => {
      sweep()
      if (!job.ahead) return options.onReady()
      opening = slots.size
      each(slots.size, (slot) => slots.openAhead(slot))
    },
    begin: (time, onBegin) => {
      startedAt = time + job.warmup
      tally.countFrom = startedAt
      at(time, () => {
        onBegin()
        begin()
      })
    },
    stop,
    cut: (reason) => {
      stop(reason)
      finish()
    },
  }
}
