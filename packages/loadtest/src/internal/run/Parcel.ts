/**
 * What a generator counted since its last parcel, on its way to the ledger. From a thread it is plain
 * data with encoded histograms; at home the histograms are the tally's own, so that nothing is copied.
 */
import type { ErrorClass } from "../../Report.ts"
import type { Tally } from "../engine/Tally.ts"
import * as Histogram from "../Histogram.ts"

/** Encoded, or as it is; `undefined` when it is empty. */
type Times = string | Histogram.Histogram | undefined

export interface RouteParcel {
  readonly sent: number
  readonly ok: number
  readonly failed: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly statuses: ReadonlyArray<readonly [status: number, count: number]>
  readonly errors: ReadonlyArray<readonly [ErrorClass, { count: number; example: string }]>
  /** Each counts for what its name says, `both` for latency and service time. */
  readonly both: Times
  readonly latency: Times
  readonly service: Times
}

/** `at` and `lastAnswer` in ms since 1970, which threads agree on. */
export interface Parcel {
  readonly at: number
  /** `undefined` when there was none. */
  readonly lastAnswer: number | undefined
  readonly routes: ReadonlyArray<RouteParcel>
  readonly lateness: Times
}

const times = (histogram: Histogram.Histogram, encoded: boolean): Times => {
  if (histogram.totalCount === 0) return undefined
  return encoded ? Histogram.encode(histogram) : histogram
}

/** The milliseconds since 1970 of a time of this thread's clock. */
export const toEpoch = (now: number): number => performance.timeOrigin + now

/** The time of this thread's clock. */
export const fromEpoch = (at: number): number => at - performance.timeOrigin

/** Hands over what a tally holds, which is empty afterwards. */
export const take = (
  tally: Tally,
  now: number,
  encoded: boolean,
  deliver: (parcel: Parcel) => void,
): void => {
  const { counts } = tally
  deliver({
    at: toEpoch(now),
    lastAnswer: counts.lastAnswer === -Infinity ? undefined : toEpoch(counts.lastAnswer),
    routes: counts.routes.map((route) => ({
      sent: route.sent,
      ok: route.ok,
      failed: route.failed,
      bytesSent: route.bytesSent,
      bytesReceived: route.bytesReceived,
      statuses: [...route.statuses.entries()].filter(([, count]) => count > 0),
      errors: [...route.errors],
      both: times(route.both, encoded),
      latency: times(route.latency, encoded),
      service: times(route.service, encoded),
    })),
    lateness: times(counts.lateness, encoded),
  })
  tally.reset()
}

/** Adds times to a histogram. */
export const addTimes = (to: Histogram.Histogram, more: Times): void => {
  if (typeof more === "string") Histogram.addEncoded(to, more)
  else if (more !== undefined) to.add(more)
}
