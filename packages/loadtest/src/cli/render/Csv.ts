/** A report as CSV, for spreadsheets: its figures, or the course of the run. Pure. */
import type * as Report from "../../Report.ts"

type Cell = string | number | null

/** Quoted where it must be (RFC 4180); a text that a spreadsheet would take for a formula is not one. */
const cell = (value: Cell): string => {
  if (value === null) return ""
  if (typeof value === "number") return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const lines = (rows: ReadonlyArray<ReadonlyArray<Cell>>): string =>
  rows.map((row) => `${row.map(cell).join(",")}\n`).join("")

const stats = [
  "min",
  "mean",
  "stddev",
  "p50",
  "p75",
  "p90",
  "p95",
  "p99",
  "p999",
  "p9999",
  "max",
] as const

const figures = ({
  latency,
  requests,
}: Pick<Report.Report, "latency" | "requests">): ReadonlyArray<Cell> => [
  requests.sent,
  requests.ok,
  requests.failed,
  requests.inFlight,
  ...stats.map((stat) => latency?.[stat] ?? null),
]

/**
 * A row for each target and, when there are several, one for all together; times in ms. What holds of
 * the run as a whole, its rate and what to doubt, stands in the last row.
 */
export const summary = (report: Report.Report): string => {
  const { asked, delivered } = report.rate
  const warnings = report.warnings.map(({ message }) => message).join("; ")
  const whole = (name: string, url: string): ReadonlyArray<Cell> => [
    name,
    url,
    asked,
    delivered,
    ...figures(report),
    warnings,
  ]
  const [only] = report.routes
  return lines([
    [
      "target",
      "url",
      "rate_asked",
      "rate_delivered",
      "sent",
      "ok",
      "failed",
      "in_flight",
      ...stats.map((stat) => `${stat}_ms`),
      "warnings",
    ],
    ...(report.routes.length > 1
      ? [
          ...report.routes.map((route) => [
            route.name,
            route.url,
            null,
            null,
            ...figures(route),
            null,
          ]),
          whole("all", ""),
        ]
      : [whole(only?.name ?? "all", only?.url ?? "")]),
  ])
}

/** A row for each interval of the run; times in ms. */
export const series = (report: Report.Report): string =>
  lines([
    ["at_ms", "span_ms", "sent", "answers", "failed", "p50_ms", "p99_ms", "max_ms"],
    ...report.series.map(({ answers, at, failed, max, p50, p99, sent, span }) => [
      at,
      span,
      sent,
      answers,
      failed,
      p50,
      p99,
      max,
    ]),
  ])
