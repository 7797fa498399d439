/**
 * What a generator counted since its last parcel, on its way to the ledger. From a thread it is plain
 * data with encoded histograms; at home the histograms are the tally's own, so that nothing is copied.
 */
import type { Tally } from "../engine/Tally.ts"
import * as Histogram from "../Histogram.ts"
import type * as Generators from "./Generators.ts"

/** Encoded, or as it is; `undefined` when it is empty. */
type Times = string | Histogram.Histogram | undefined

type Counts = Omit<Generators.Parcel["routes"][number], "both" | "latency" | "service">

export interface RouteParcel extends Counts {
  readonly both: Times
  readonly latency: Times
  readonly service: Times
}

export interface Parcel extends Pick<Generators.Parcel, "at" | "lastAnswer"> {
  readonly routes: ReadonlyArray<RouteParcel>
  readonly lateness: Times
}

/** The milliseconds since 1970 of a time of this thread's clock. */
export const toEpoch = (now: number): number => performance.timeOrigin + now

/** The time of this thread's clock. */
export const fromEpoch = (at: number): number => at - performance.timeOrigin

const of = <A>({ counts }: Tally, now: number, times: (histogram: Histogram.Histogram) => A) => {
  const taken = (histogram: Histogram.Histogram): A | undefined =>
    histogram.totalCount === 0 ? undefined : times(histogram)
  return {
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
      both: taken(route.both),
      latency: taken(route.latency),
      service: taken(route.service),
    })),
    lateness: taken(counts.lateness),
  }
}

/** Takes out what a tally holds, encoded for another thread. */
export const take = (tally: Tally, now: number): Generators.Parcel => {
  const parcel = of(tally, now, Histogram.encode)
  tally.reset()
  return parcel
}

/** Takes out what a tally holds, as it is: it is there until `use` returns. */
export const lend = (tally: Tally, now: number, use: (parcel: Parcel) => void): void => {
  use(of(tally, now, (histogram) => histogram))
  tally.reset()
}

/** Adds times to a histogram. */
export const addTimes = (to: Histogram.Histogram, more: Times): void => {
  if (typeof more === "string") Histogram.addEncoded(to, more)
  else if (more !== undefined) to.add(more)
}
