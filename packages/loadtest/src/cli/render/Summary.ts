/** A report for the eyes of a person. Pure; the sentence on top is the library's. */
import * as Distribution from "../../Distribution.ts"
import * as Report from "../../Report.ts"
import * as Chart from "./Chart.ts"
import * as Load from "./Load.ts"
import * as Text from "./Text.ts"

type Lines = ReadonlyArray<string>

const label = (style: Text.Style, name: string): string => style.dim(Text.label(name))

/** Whether all went well, there is something to doubt, or something failed. */
const mood = (report: Report.Report, style: Text.Style): ((text: string) => string) => {
  const { failed, inFlight, ok } = report.requests
  if (failed > 0 || ok === 0 || report.thresholds.some((one) => !one.ok)) return style.bad
  return inFlight > 0 || report.warnings.length > 0 ? style.warn : style.good
}

const heading = (report: Report.Report, style: Text.Style): Lines => [
  style.bold(mood(report, style)(Text.printable(Report.headline(report)))),
  ...report.warnings.map(({ message }) => `${style.warn("!")} ${Text.printable(message)}`),
  "",
]

const rate = ({ latency, rate: { asked, delivered } }: Report.Report): string => {
  if (latency === null) return "no answers"
  const got = `${Text.precise(delivered)} requests/s`
  return asked === null
    ? got
    : `${got} delivered of ${Text.precise(asked)} asked (${Text.percent(delivered, asked)})`
}

const facts = (report: Report.Report, style: Text.Style): Lines => {
  const { bytes, plan } = report
  return [
    `${label(style, "target")}${Load.target(plan)}`,
    `${label(style, "load")}${Load.describe(plan)}, ${Text.ms(report.duration)}`,
    `${label(style, "rate")}${rate(report)}`,
    `${label(style, "bytes")}${Text.bytes(bytes.received)} received, ${Text.bytes(bytes.sent)} sent`,
    "",
  ]
}

const stats: ReadonlyArray<readonly [name: string, of: (latency: Report.Latency) => number]> = [
  ["min", ({ min }) => min],
  ["p50", ({ p50 }) => p50],
  ["p75", ({ p75 }) => p75],
  ["p90", ({ p90 }) => p90],
  ["p95", ({ p95 }) => p95],
  ["p99", ({ p99 }) => p99],
  ["p99.9", ({ p999 }) => p999],
  ["p99.99", ({ p9999 }) => p9999],
  ["max", ({ max }) => max],
  ["mean", ({ mean }) => mean],
  ["stddev", ({ stddev }) => stddev],
]

/**
 * Latency, with service time and the generator's lateness beside it where there are any. In the
 * closed model without pipelining the service time is the latency: once is enough.
 */
const times = (report: Report.Report, style: Text.Style): Lines => {
  const open = report.model === "open"
  const beside = open || report.plan.pipelining > 1
  const kinds: ReadonlyArray<readonly [string, Report.Latency | null]> = [
    ["latency", report.latency],
    ["service", beside ? report.service : null],
    ["lateness", open ? report.lateness : null],
  ]
  const shown = kinds.flatMap(([name, kind]) => (kind === null ? [] : [{ name, kind }]))
  if (shown.length === 0) return []
  const [head = "", ...rows] = Text.columns([
    ["", ...shown.map(({ name }) => name)],
    ...stats.map(([name, of]) =>
      [`  ${name}`.padEnd(12)].concat(shown.map(({ kind }) => Text.ms(of(kind)))),
    ),
  ])
  return [
    style.dim(head),
    ...rows.map((row) => `${style.dim(row.slice(0, 12))}${row.slice(12)}`),
    "",
  ]
}

const distribution = (report: Report.Report, style: Text.Style): Lines => {
  const bars = report.histogram === null ? [] : Distribution.make(report.histogram)
  const highest = Chart.highest(bars.map(({ count }) => count))
  const all = bars.reduce((sum, { count }) => sum + count, 0)
  const rows = Text.columns(
    bars.map(({ count, to }) => ["", `to ${Text.ms(to)}`, Text.percent(count, all)]),
  )
  return bars.length < 2
    ? []
    : [
        ...bars.map(({ count }, i) =>
          `${style.dim(rows[i] ?? "")}  ${Chart.bar(count, highest, 40)}`.trimEnd(),
        ),
        "",
      ]
}

/** The most frequent class first. */
export const errorsOf = (
  errors: Report.Report["errors"],
): ReadonlyArray<readonly [name: string, error: { count: number; example: string }]> =>
  Object.entries(errors).toSorted(([, a], [, b]) => b.count - a.count)

const outcome = (report: Report.Report, style: Text.Style): Lines => {
  const statuses = Object.entries(report.statuses)
    .map(([status, count]) => `${Text.whole(count)} × ${status}`)
    .join(", ")
  const errors = errorsOf(report.errors)
  const digits = Math.max(0, ...errors.map(([, { count }]) => Text.whole(count).length))
  const width = Math.max(0, ...errors.map(([name]) => name.length))
  return [
    ...(statuses === "" ? [] : [`${label(style, "statuses")}${statuses}`]),
    ...(errors.length === 0 ? [`${label(style, "errors")}none`] : []),
    ...errors.map(
      ([name, { count, example }], i) =>
        `${label(style, i === 0 ? "errors" : "")}${Text.whole(count).padStart(digits)} ${style.bad(name.padEnd(width))}  such as: ${Text.printable(example)}`,
    ),
  ]
}

const routes = (report: Report.Report, style: Text.Style): Lines => {
  if (report.routes.length < 2) return []
  const [head = "", ...rows] = Text.columns([
    ["  target", "sent", "failed", "p50", "p99", "max"],
    ...report.routes.map(({ latency, name, requests }) => [
      `  ${Text.printable(name)}`,
      Text.whole(requests.sent),
      Text.whole(requests.failed),
      ...(latency === null
        ? ["-", "-", "-"]
        : [latency.p50, latency.p99, latency.max].map(Text.ms)),
    ]),
  ])
  return ["", style.dim(head), ...rows]
}

const amount = ({ actual, unit }: Report.Report["thresholds"][number]): string => {
  if (actual === null) return "nothing was measured"
  if (unit === "ms") return Text.ms(actual)
  return unit === "%" ? `${Text.precise(actual)} %` : `${Text.precise(actual)} ${unit}`
}

const thresholds = (report: Report.Report, style: Text.Style): Lines => {
  if (report.thresholds.length === 0) return []
  const width = Math.max(...report.thresholds.map(({ threshold }) => threshold.length))
  return [
    "",
    ...report.thresholds.map((one, i) => {
      const mark = one.ok ? style.good("✓ held  ") : style.bad("✗ failed")
      const sentence = Text.printable(one.threshold).padEnd(width)
      return `${label(style, i === 0 ? "thresholds" : "")}${mark}  ${sentence}  ${style.dim("was")} ${amount(one)}`
    }),
  ]
}

/** Ends with a newline. */
export const render = (report: Report.Report, colors: boolean): string => {
  const style = Text.style(colors)
  const lines = [heading, facts, times, distribution, outcome, routes, thresholds].flatMap(
    (section) => section(report, style),
  )
  return `${lines.join("\n")}\n`
}
