/** A run in one honest sentence. Pure. */
import type { Report, Warning } from "../Report.ts"
import { plural, precise, whole } from "./Numbers.ts"

const perSecond = (rate: number): string => `${precise(rate)} requests/s`

/** What became of the requests. */
const outcome = ({ errors, requests }: Report): string => {
  const { failed, inFlight, ok, sent } = requests
  const found = Object.entries(errors).toSorted(([, a], [, b]) => b.count - a.count)
  const classes = found.map(([name, { count }]) => `${whole(count)} ${name}`).join(", ")
  const example = found.length === 1 && found[0] !== undefined ? ` (${found[0][1].example})` : ""
  if (sent === 0) return "no request was sent"
  if (ok === 0 && failed > 0)
    return `${plural(sent, "request")}, none succeeded: ${classes}${example}`
  if (failed > 0) return `${plural(sent, "request")}, ${whole(failed)} failed: ${classes}`
  if (inFlight === 0) return `${plural(sent, "request")}, all answered`
  return `${plural(sent, "request")}, ${ok === 0 ? "none" : whole(ok)} answered`
}

const rate = ({ rate: { asked, delivered }, latency, warnings }: Report): string => {
  if (latency === null) return ""
  const short = asked !== null && warnings.some(({ code }) => code === "rate")
  return short ? `${perSecond(delivered)} of ${precise(asked)} asked` : perSecond(delivered)
}

const thresholds = ({ thresholds: all }: Report): string => {
  const failed = all.filter(({ ok }) => !ok)
  if (all.length === 0) return ""
  if (failed.length > 0) return `did not hold: ${failed.map((one) => one.threshold).join(", ")}`
  return all.length === 1 ? "the threshold held" : `all ${all.length} thresholds held`
}

/** What is said of `rate` and `unanswered` stands elsewhere in the sentence. */
const doubts: Partial<Record<Warning["code"], string>> = {
  saturated: "the generator was saturated",
  late: "the generator was late",
  connections: "requests of the schedule were never sent",
  unopened: "not all connections were opened",
}

const doubt = ({ warnings }: Report): string => {
  const found = warnings.flatMap(({ code }) => doubts[code] ?? [])
  return found.length === 0 ? "" : `doubt it: ${found.join(", ")}`
}

const endings: Partial<Record<Report["ended"], string>> = {
  stopped: "stopped early",
  unreachable: "gave up",
  bail: "ended by its failures",
  deadline: "ended by its deadline",
}

export const of = (report: Report): string => {
  const { inFlight } = report.requests
  const parts = [
    outcome(report),
    inFlight > 0 ? `${whole(inFlight)} still unanswered at the end and in no latency` : "",
    rate(report),
    thresholds(report),
    endings[report.ended] ?? "",
    doubt(report),
  ]
  return `${parts.filter((part) => part !== "").join("; ")}.`
}
