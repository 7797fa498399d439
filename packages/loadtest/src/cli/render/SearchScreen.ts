/**
 * The live screen of a search: the rates that were tried, as bars, and how the one is doing that is
 * tried now. Pure; `live` does the drawing.
 */
import type { Probe } from "../../Find.ts"
import type * as Plan from "../../Plan.ts"
import type { Snapshot } from "../../Snapshot.ts"
import * as Chart from "./Chart.ts"
import * as Load from "./Load.ts"
import * as Screen from "./Screen.ts"
import * as Text from "./Text.ts"

/** The rate that is tried at the moment. */
interface Current {
  readonly rate: number
  readonly plan: Plan.Plan
  readonly now: Snapshot
}

export interface Search {
  /** Of the search, or of the run that goes on. */
  readonly plan: Plan.Plan
  readonly probes: ReadonlyArray<Probe>
  /** Between two rates there is none: the server recovers from the last one. */
  readonly current: Current | undefined
}

interface Row {
  readonly rate: number
  readonly p99: string
  readonly outcome: string
  readonly paint: (text: string) => string
}

const outcomeOf = ({ broken, held, requests }: Probe): string => {
  if (held) return "✓ held"
  return requests.ok === 0 ? "✗ nothing answered" : `✗ ${broken.join(", ")}`
}

const p99Of = ({ latency }: Pick<Probe, "latency">): string =>
  latency === null ? "-" : Text.ms(latency.p99)

/** The latest of each rate that was tried, and the one that is tried now. */
const rowsOf = ({ current, probes }: Search, style: Text.Style): ReadonlyArray<Row> => {
  const rows = new Map<number, Row>()
  for (const probe of probes) {
    // Set anew, so that the order is that of the last tries.
    rows.delete(probe.rate)
    rows.set(probe.rate, {
      rate: probe.rate,
      p99: p99Of(probe),
      outcome: outcomeOf(probe),
      paint: probe.held ? style.good : style.bad,
    })
  }
  if (current !== undefined) {
    const again = rows.delete(current.rate)
    rows.set(current.rate, {
      rate: current.rate,
      p99: p99Of(current.now),
      outcome: again ? "… once more" : "…",
      paint: style.warn,
    })
  }
  return [...rows.values()]
}

const bars = (search: Search, room: number, width: number, style: Text.Style): Array<string> => {
  const rows = rowsOf(search, style)
    .slice(-room)
    .toSorted((a, b) => b.rate - a.rate)
  const highest = Chart.highest(rows.map(({ rate }) => rate))
  const names = Math.max(0, ...rows.map(({ rate }) => Text.precise(rate).length))
  const times = Math.max(0, ...rows.map(({ p99 }) => p99.length))
  return rows.map(({ outcome, p99, paint, rate }) => {
    const name = Text.precise(rate).padStart(names)
    const bar = Chart.bar(rate, highest, width).padEnd(width)
    return `  ${name}  ${paint(bar)}  ${style.dim("p99")} ${p99.padStart(times)}  ${paint(outcome)}`
  })
}

const doing = (current: Current | undefined, style: Text.Style): string => {
  if (current === undefined) return `  ${style.dim("waiting until the server has recovered")}`
  const { now, rate } = current
  const { failed } = now.requests
  const failures = `${Text.whole(failed)} failed`
  const parts = [
    `trying ${Text.precise(rate)} requests/s`,
    now.latency === null ? "no answers yet" : `${Text.precise(now.rate.delivered)} delivered`,
    failed > 0 ? style.bad(failures) : failures,
  ]
  return `  ${parts.join(", ")}`
}

/** Lines that the screen has besides the bars. */
const fixed = 7

/** The lines of the screen, none wider than the terminal, never more than it has rows. */
export const view = (
  search: Search,
  { columns, rows }: Screen.Size,
  colors: boolean,
): ReadonlyArray<string> => {
  const style = Text.style(colors)
  const { current, plan } = search
  const room = rows - 1 - fixed
  const head = [
    style.bold(Load.target(plan)),
    style.dim(`the highest rate with ${plan.thresholds.join(", ")}`),
    "",
  ]
  const foot = [
    "",
    doing(current, style),
    ...(current === undefined ? [] : [Screen.progress(current.plan, current.now, columns - 1)]),
  ]
  const lines =
    room < 1 || columns < 40
      ? [doing(current, style)]
      : [...head, ...bars(search, room, Math.max(10, Math.min(40, columns - 45)), style), ...foot]
  return lines.slice(0, Math.max(1, rows - 1)).map((text) => Text.fit(text, columns - 1))
}
