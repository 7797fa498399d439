/**
 * The live screen: what stands on a terminal while a run goes on, drawn from its snapshots. Pure;
 * `live` does the drawing.
 */
import * as Duration from "effect/Duration"

import * as Plan from "../../Plan.ts"
import type { Snapshot } from "../../Snapshot.ts"
import * as Chart from "./Chart.ts"
import * as Load from "./Load.ts"
import { errorsOf } from "./Summary.ts"
import * as Text from "./Text.ts"

/** One complete interval of the run. */
interface Point {
  readonly at: number
  /** Complete answers per second. */
  readonly rate: number
  /** In ms, `null` without an answer. */
  readonly p99: number | null
}

/** What the moving charts have seen, the latest last. */
export type History = ReadonlyArray<Point>

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** More than any terminal is wide. */
const remembered = 500

/** Takes the interval of a snapshot in, unless it is there already. */
export const push = (history: History, { recent }: Snapshot): History => {
  if (recent === null || recent.at === history.at(-1)?.at) return history
  const { answers, at, p99, span } = recent
  return [
    ...history.slice(1 - remembered),
    { at, p99, rate: span > 0 ? (answers * 1000) / span : 0 },
  ]
}

const total = (plan: Plan.Plan): number | undefined => {
  const time = Plan.sendingTime(plan)
  return time === undefined ? undefined : Duration.toMillis(time)
}

/** How long it will take from now, in ms, going on as it did; `undefined` when nobody can know. */
export const timeLeft = (plan: Plan.Plan, now: Snapshot): number | undefined => {
  const { elapsed, progress } = now
  const all = total(plan)
  const byTime = all === undefined ? Infinity : Math.max(0, all - elapsed)
  const byProgress =
    progress === null || progress <= 0 ? Infinity : (elapsed * (1 - progress)) / progress
  const left = Math.min(byTime, byProgress)
  return Number.isFinite(left) ? left : undefined
}

const phases: Readonly<Record<Snapshot["phase"], string | undefined>> = {
  warmup: "warming up, nothing counts yet",
  running: undefined,
  draining: "waiting for the last answers",
  ended: "done",
}

const timing = (plan: Plan.Plan, now: Snapshot): string => {
  const phase = phases[now.phase]
  if (phase !== undefined) return phase
  const left = timeLeft(plan, now)
  return left === undefined
    ? Text.seconds(now.elapsed)
    : `${Text.seconds(now.elapsed)}, ${Text.seconds(left)} left`
}

/** The bar of a run, with how far it is and how long it will take. */
export const progress = (plan: Plan.Plan, now: Snapshot, width: number): string => {
  const share = now.progress ?? 0
  const after = `${now.progress === null ? "" : `${String(Math.floor(share * 100)).padStart(3)} %`}  ${timing(plan, now)}`
  const bar = Chart.progress(share, Math.max(10, Math.min(50, width - after.length - 6)))
  return `  ${bar}  ${after}`
}

interface Series {
  readonly title: string
  readonly values: ReadonlyArray<number | null>
  readonly format: (value: number) => string
  readonly paint: (text: string) => string
}

const axis = 9

/** The widest that one interval is drawn. */
const widest = 6
/** A run without an end in sight is drawn as if it had at least so many intervals. */
const unknownEnd = 20

/**
 * So wide that a short run fills the chart when it is over, and one column when there is not enough
 * room for all of it: then the chart moves.
 */
const columnsEach = (plan: Plan.Plan, intervals: number, width: number): number => {
  const all = total(plan)
  const expected = all === undefined ? unknownEnd : Math.ceil(all / 1000)
  return Math.max(1, Math.min(widest, Math.floor(width / Math.max(1, expected, intervals))))
}

const chart = (
  plan: Plan.Plan,
  series: Series,
  size: Size,
  height: number,
  style: Text.Style,
): Array<string> => {
  const width = Math.max(10, Math.min(100, size.columns - axis - 6))
  const each = columnsEach(plan, series.values.length, width)
  const values = series.values
    .slice(-width)
    .flatMap((value) => Array.from({ length: each }, () => value))
  const max = Chart.highest(values)
  return [
    `  ${series.title}`,
    ...Chart.columns(values, max, width, height).map((line, i) => {
      const tick = i === 0 && max > 0 ? series.format(max) : ""
      return `  ${style.dim(`${tick.padStart(axis)} ┤`)} ${series.paint(line)}`
    }),
  ]
}

const charts = (
  plan: Plan.Plan,
  history: History,
  now: Snapshot,
  size: Size,
  height: number,
  style: Text.Style,
): Array<string> => {
  const { rate, recent } = now
  const last = history.at(-1)
  const asked = rate.asked === null ? "" : `, ${Text.precise(rate.asked)} asked`
  const latest = last === undefined ? "" : `${Text.precise(last.rate)} now, `
  const p99 = recent?.p99 ?? undefined
  return [
    ...chart(
      plan,
      {
        title: `requests/s    ${style.dim(`${latest}${Text.precise(rate.delivered)} on average${asked}`)}`,
        values: history.map((point) => point.rate),
        format: Text.precise,
        paint: style.rate,
      },
      size,
      height,
      style,
    ),
    ...chart(
      plan,
      {
        title: `latency p99   ${style.dim(p99 === undefined ? "" : `${Text.ms(p99)} now`)}`,
        values: history.map((point) => point.p99),
        format: Text.ms,
        paint: style.time,
      },
      size,
      height,
      style,
    ),
  ]
}

const percentiles = ({ latency }: Snapshot, style: Text.Style): Array<string> => {
  if (latency === null) return [`  ${style.dim("latency")}   no answers yet`]
  const [head = "", figures = ""] = Text.columns([
    ["         ", "p50", "p90", "p99", "p99.9", "max"],
    [
      "  latency",
      ...[latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map(Text.ms),
    ],
  ])
  return [style.dim(head), figures]
}

const counts = (
  { requests: { failed, inFlight, ok, sent } }: Snapshot,
  style: Text.Style,
): string => {
  const failures = failed > 0 ? style.bad(`${Text.whole(failed)} failed`) : "0 failed"
  return `  requests  ${Text.whole(sent)} sent, ${Text.whole(ok)} ok, ${failures}, ${Text.whole(inFlight)} in flight`
}

const errors = (now: Snapshot, most: number, style: Text.Style): Array<string> => {
  const all = errorsOf(now.errors)
  const shown = all.slice(0, most)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  const digits = Math.max(0, ...shown.map(([, { count }]) => Text.whole(count).length))
  return shown.map(
    ([name, { count, example }], i) =>
      `  ${(i === 0 ? "errors" : "").padEnd(9)} ${Text.whole(count).padStart(digits)} ${style.bad(name.padEnd(width))}  ${style.dim(Text.printable(example))}`,
  )
}

/** Lines that the screen has besides the charts and the errors. */
const fixed = 8

/**
 * The lines of the screen, none wider than the terminal, never more than it has rows. A terminal
 * too small for charts gets the line that stands where there is no terminal at all.
 */
export const view = (
  plan: Plan.Plan,
  history: History,
  now: Snapshot,
  size: Size,
  colors: boolean,
): ReadonlyArray<string> => {
  const style = Text.style(colors)
  const width = size.columns - 1
  const mostErrors = 4
  const room = size.rows - 1 - fixed - Math.min(mostErrors, errorsOf(now.errors).length)
  const height = Math.min(4, Math.floor(room / 2) - 1)
  if (height < 1 || size.columns < 40) return [Text.fit(line(now), width)]
  return [
    style.bold(Load.target(plan)),
    style.dim(Load.describe(plan)),
    progress(plan, now, width),
    "",
    ...charts(plan, history, now, size, height, style),
    "",
    ...percentiles(now, style),
    counts(now, style),
    ...errors(now, mostErrors, style),
  ].map((text) => Text.fit(text, width))
}

/** One line on how a run is doing, for logs. */
export const line = (now: Snapshot): string => {
  const { failed, ok } = now.requests
  const parts = [
    now.progress === null ? "" : `${String(Math.floor(now.progress * 100)).padStart(3)} %`,
    Text.seconds(now.elapsed),
    `${Text.whole(ok + failed)} done`,
    `${Text.precise(now.rate.delivered)} requests/s`,
    now.latency === null ? "" : `p99 ${Text.ms(now.latency.p99)}`,
    `${Text.whole(failed)} failed`,
    phases[now.phase] ?? "",
  ]
  return parts.filter((part) => part !== "").join("  ")
}
