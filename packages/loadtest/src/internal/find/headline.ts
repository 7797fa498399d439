/** A search in one honest sentence. Pure. */
import type { FindReport } from "../../Find.ts"
import { precise } from "../Numbers.ts"

export const of = ({ ended, probes, rate, thresholds }: FindReport): string => {
  const what = thresholds.join(", ")
  const time = `in ${probes.length} ${probes.length === 1 ? "try" : "tries"}`
  const lowest = Math.min(...probes.map((probe) => probe.rate))
  const best = rate === null ? undefined : `${precise(rate)} requests/s`
  const failed = Math.min(
    ...probes.filter((probe) => !probe.held && probe.rate > (rate ?? 0)).map((probe) => probe.rate),
  )
  switch (ended) {
    case "found":
      return `${best} held (${what}), ${precise(failed)} did not; ${time}.`
    case "max":
      return `${best} held (${what}), which is the highest rate that was allowed; ${time}.`
    case "min":
      return `No rate held (${what}), not even ${precise(lowest)} requests/s; ${time}.`
    case "saturated":
      return `${best === undefined ? "No rate held" : `${best} held`} (${what}), then the generator was the limit, not the server: give it more threads; ${time}.`
    case "unreachable":
      return `Nothing answered; ${best === undefined ? "no rate held" : `${best} held before`} (${what}).`
    case "stopped":
      return `Stopped early; ${best === undefined ? "no rate had held yet" : `${best} held so far`} (${what}); ${time}.`
  }
}
