/** What a search tried and found, for the eyes of a person. Pure. */
import * as Find from "../../Find.ts"
import * as Load from "./Load.ts"
import * as Text from "./Text.ts"

const outcome = ({ broken, held, requests }: Find.Probe): string => {
  if (held) return "held"
  return requests.ok === 0 ? "nothing answered" : `failed: ${broken.join(", ")}`
}

/** One line for each rate that was tried, while the search goes on. */
export const line = (probe: Find.Probe): string => {
  const p99 = probe.latency === null ? "" : `  p99 ${Text.ms(probe.latency.p99)}`
  return `${Text.precise(probe.rate)} requests/s${p99}  ${outcome(probe)}`
}

/** Ends with a newline. */
export const render = (report: Find.FindReport, colors: boolean): string => {
  const style = Text.style(colors)
  const paint = report.rate === null ? style.bad : style.good
  const head = [
    style.bold(paint(Text.printable(Find.headline(report)))),
    "",
    `${style.dim(Text.label("target"))}${Load.target(report.plan)}`,
    `${style.dim(Text.label("must hold"))}${report.thresholds.join(", ")}`,
  ]
  if (report.probes.length === 0) return `${head.join("\n")}\n`
  const probes = report.probes.toSorted((a, b) => a.rate - b.rate)
  const [top = "", ...rows] = Text.columns([
    ["  rate", "delivered", "failed", "p50", "p90", "p99", "max"],
    ...probes.map(({ delivered, latency, rate, requests }) =>
      [`  ${Text.precise(rate)}`, Text.precise(delivered), Text.whole(requests.failed)].concat(
        latency === null
          ? ["-", "-", "-", "-"]
          : [latency.p50, latency.p90, latency.p99, latency.max].map(Text.ms),
      ),
    ),
  ])
  const table = rows.map((row, i) => {
    const probe = probes[i]
    if (probe === undefined) return row
    return `${row}   ${(probe.held ? style.good : style.bad)(outcome(probe))}`
  })
  return `${[...head, "", style.dim(top), ...table].join("\n")}\n`
}
