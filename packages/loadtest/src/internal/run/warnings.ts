/** What to doubt about a run, in sentences. Pure. */
import type { Report, Warning } from "../../Report.ts"
import { plural, precise } from "../Numbers.ts"

export interface Facts {
  readonly model: Report["model"]
  readonly ended: Report["ended"]
  readonly requests: Report["requests"]
  readonly rate: Report["rate"]
  readonly lateness: Report["lateness"]
  /** Requests whose time came, but that were never sent. */
  readonly unsent: number
  /** Connections that there was no time to open. */
  readonly unopened: number
  readonly connections: number
  readonly threads: number
  readonly precise: boolean
  /** The largest share of its time that an event loop was busy, from 0 to 1. */
  readonly busy: number
  /** Of the run, in ms. */
  readonly duration: number
}

/** Less than this share of the rate that was asked for is worth a warning. */
const enough = 0.99
/** An event loop that was busy for so much of the time was the bottleneck. */
const saturated = 0.97
/** Shorter runs are busy with starting, in ms. */
const longEnough = 500
/** Requests that leave so late, in ms, distort what is measured. */
const tooLate = 10

export const of = (facts: Facts): ReadonlyArray<Warning> => {
  const { connections, lateness, rate, requests, unsent } = facts
  const warnings: Array<Warning> = []
  const atLimit = facts.busy >= saturated && !facts.precise && facts.duration >= longEnough
  const natural = facts.ended === "requests" || facts.ended === "duration"
  if (natural && rate.asked !== null && rate.delivered < rate.asked * enough) {
    const share = rate.asked > 0 ? (rate.delivered * 100) / rate.asked : 0
    warnings.push({
      code: "rate",
      message: `asked for ${precise(rate.asked)} requests/s, got ${precise(rate.delivered)} answers/s (${precise(share)} %)`,
    })
  }
  if (unsent > 0) {
    warnings.push({
      code: "connections",
      message: `${plural(unsent, "request")} of the schedule ${unsent === 1 ? "was" : "were"} never sent, because ${atLimit ? "the generator could not keep up" : `the server kept all ${plural(connections, "connection")} busy`}: they are in no latency`,
    })
  }
  if (natural && facts.unopened > 0) {
    warnings.push({
      code: "unopened",
      message: `the run was over before all of its ${plural(connections, "connection")} were opened: ${plural(facts.unopened, "connection")} sent nothing`,
    })
  }
  if (atLimit) {
    warnings.push({
      code: "saturated",
      message: `the generator was busy ${precise(facts.busy * 100)} % of the time, so latencies contain its own delays: use more threads (now ${facts.threads}) or another machine`,
    })
  }
  if (lateness !== null && lateness.p99 >= tooLate) {
    warnings.push({
      code: "late",
      message: `the generator sent 1 % of the requests ${precise(lateness.p99)} ms late or more: latencies count that, service times do not`,
    })
  }
  if (requests.inFlight > 0) {
    warnings.push({
      code: "unanswered",
      message: `${plural(requests.inFlight, "request")} had no answer at the end: ${requests.inFlight === 1 ? "it is" : "they are"} in no latency`,
    })
  }
  return warnings
}
