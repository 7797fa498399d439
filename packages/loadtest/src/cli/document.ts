/** What is printed of a report, and with which exit code the command ends for it. Pure. */
import * as Option from "effect/Option"

import * as Report from "../Report.ts"
import * as Csv from "./render/Csv.ts"
import * as Text from "./render/Text.ts"

export type Format = "json" | "csv" | "series"

/** The flags of `output`. */
export interface Output {
  readonly json: boolean
  readonly csv: Option.Option<"summary" | "series">
  readonly out: Option.Option<string>
  readonly quiet: boolean
  readonly noProgress: boolean
}

export interface Destinations {
  /** The document and the file that it goes to; stdout when `undefined`. */
  readonly document: { readonly format: Format; readonly file: string | undefined } | undefined
  /** Whether a person is to see the summary, on stdout. */
  readonly summary: boolean
  readonly progress: boolean
}

/** What goes where. A sentence when the flags contradict each other. */
export const destinations = (output: Output): Destinations | string => {
  const csv = Option.getOrUndefined(output.csv)
  const out = Option.getOrUndefined(output.out)
  const file = out === "-" ? undefined : out
  if (output.json && csv !== undefined) {
    return "--json and --csv exclude each other: choose one"
  }
  const asked: Format | undefined =
    csv === undefined ? (output.json ? "json" : undefined) : csv === "series" ? "series" : "csv"
  const format = asked ?? (out === undefined ? undefined : out.endsWith(".csv") ? "csv" : "json")
  const alone = format !== undefined && file === undefined
  return {
    document: format === undefined ? undefined : { format, file },
    summary: !output.quiet && !alone,
    progress: !output.quiet && !output.noProgress,
  }
}

/** Headers that log in; their values are nobody's business who reads a report. */
const secret: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie"])

type Headers = NonNullable<ReturnType<typeof Report.encode>["plan"]["headers"]>

const hide = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secret.has(name.toLowerCase()) ? "***" : value,
    ]),
  )

type Encoded = ReturnType<typeof Report.encode>["plan"]
type Target = NonNullable<Encoded["targets"]>[number]

const hideOf = (target: Target): Target =>
  target.headers === undefined
    ? target
    : Object.assign({}, target, { headers: hide(target.headers) })

const withoutLogin = (plan: Encoded): Encoded => {
  const [first, ...rest] = plan.targets ?? []
  return {
    ...plan,
    headers: hide(plan.headers ?? {}),
    ...(first === undefined ? {} : { targets: [hideOf(first), ...rest.map(hideOf)] }),
  }
}

/** One JSON document, without what logs in. */
export const json = (encoded: { readonly plan: Encoded }): string =>
  `${JSON.stringify({ ...encoded, plan: withoutLogin(encoded.plan) }, null, 2)}\n`

export const write = (format: Format, report: Report.Report): string => {
  if (format === "json") return json(Report.encode(report))
  return format === "csv" ? Csv.summary(report) : Csv.series(report)
}

/** Why the command ends with 1 although the run could be made; `undefined` when it ends with 0. */
export const failure = (report: Report.Report): string | undefined => {
  if (report.requests.ok === 0) return Report.headline(report)
  const lost = report.thresholds.filter((one) => !one.ok)
  if (lost.length > 0) {
    const each = lost.map(({ actual, threshold, unit }) => {
      const was =
        actual === null
          ? "nothing was measured"
          : `was ${unit === "ms" ? Text.ms(actual) : `${Text.precise(actual)} ${unit}`}`
      return `${threshold} (${was})`
    })
    return `${lost.length} of ${Text.plural(report.thresholds.length, "threshold")} failed: ${each.join(", ")}`
  }
  if (report.ended === "unreachable") return Report.headline(report)
  return report.ended === "bail"
    ? `gave up after ${Text.plural(report.requests.failed, "failed request")}`
    : undefined
}
