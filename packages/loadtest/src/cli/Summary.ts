/** A report for the eyes of a person. Pure; the sentence on top is the library's. */
import { Duration } from "effect"

import * as Plan from "../Plan.ts"
import * as Report from "../Report.ts"

/** Wraps a text in a style, or leaves it alone. */
interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

const sgr = (code: number) => (text: string) => `\u001B[${code}m${text}\u001B[0m`
const same = (text: string): string => text

const style = (colors: boolean): Style =>
  colors
    ? { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) }
    : { bold: same, dim: same, good: same, bad: same }

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

/** Three significant digits at least, in the unit that reads best. */
const formatMs = (ms: number): string => {
  if (ms >= 60_000)
    return `${Math.floor(ms / 60_000)}m ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")}s`
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms >= 100) return `${ms.toFixed(0)} ms`
  if (ms >= 10) return `${ms.toFixed(1)} ms`
  return `${ms.toFixed(2)} ms`
}

/** Columns as wide as their widest cell, aligned to the right. */
const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  }
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("   "))
}

/** What a server sends as its reason must not move the cursor. */
// oxlint-disable-next-line no-control-regex
const printable = (text: string): string => text.replace(/[\u0000-\u001F\u007F-\u009F]/g, " ")

const label = (name: string): string => `  ${name.padEnd(10)}`

/** Ends with a newline. */
export const render = (report: Report.Report, colors: boolean): string => {
  const { bad, bold, dim, good } = style(colors)
  const { latency, plan } = report
  const errors = Object.entries(report.errors).toSorted(([, a], [, b]) => b.count - a.count)
  const fine = report.requests.failed === 0 && report.requests.inFlight === 0
  const lines = [bold((fine ? good : bad)(Report.headline(report))), ""]

  const used = Plan.connectionLimit(plan)
  const connections = `${whole.format(used)} connection${used === 1 ? "" : "s"}`
  const reuse = plan.keepAlive ? "keep-alive" : "a new one for each request"
  lines.push(
    `${dim(label("target"))}${Plan.targets(plan)
      .map((target) => `${target.method} ${printable(target.url)}`)
      .join(", ")}`,
    `${dim(label("load"))}${connections}, ${reuse}, ${report.model} model, ${formatMs(report.duration)}`,
    `${dim(label("rate"))}${latency === null ? "no answers" : `${whole.format(report.rate.delivered)} requests/s`}`,
    "",
  )

  if (latency !== null) {
    const table = columns([
      ["min", "p50", "p90", "p99", "max", "mean"],
      [latency.min, latency.p50, latency.p90, latency.p99, latency.max, latency.mean].map(formatMs),
    ])
    lines.push(`${label("")}${dim(table[0] ?? "")}`, `${dim(label("latency"))}${table[1]}`)
    const statuses = Object.entries(report.statuses).map(
      ([status, count]) => `${whole.format(count)} × ${status}`,
    )
    lines.push(`${dim(label("statuses"))}${statuses.join(", ")}`)
  }

  if (errors.length === 0) {
    lines.push(`${dim(label("errors"))}none`)
  } else {
    const table = columns(errors.map(([, { count }]) => [whole.format(count)]))
    errors.forEach(([name, { example }], i) => {
      const detail = name === "replyTimeout" ? example : `such as: ${example}`
      lines.push(
        `${dim(label(i === 0 ? "errors" : ""))}${table[i]} ${bad(name.padEnd(9))}  ${printable(detail)}`,
      )
    })
  }
  return `${lines.join("\n")}\n`
}

/** One line on how a run is doing. */
export const progress = (
  plan: {
    readonly requests?: number | undefined
    readonly duration?: Duration.Duration | undefined
  },
  now: {
    readonly elapsed: number
    readonly requests: Report.Report["requests"]
    readonly rate: { readonly delivered: number }
    readonly latency: Report.Latency | null
  },
): string => {
  const { failed, ok, sent } = now.requests
  const total = plan.duration === undefined ? Infinity : Duration.toMillis(plan.duration)
  const share = Math.max(sent / (plan.requests ?? Infinity), Math.min(1, now.elapsed / total))
  const parts = [
    `${String(Math.floor(share * 100)).padStart(3)} %`,
    formatMs(now.elapsed),
    `${whole.format(ok + failed)} done`,
    `${whole.format(now.rate.delivered)} requests/s`,
  ]
  if (now.latency !== null) parts.push(`p99 ${formatMs(now.latency.p99)}`)
  parts.push(`${whole.format(failed)} failed`)
  return parts.join("  ")
}
