/**
 * A matcher for latency budgets in vitest:
 *
 *     import { matchers } from "@manycore/loadtest/vitest"
 *     expect.extend(matchers)
 *
 *     expect(await run({ url, rate: 200, duration: "5 seconds" })).toMeet("p99 < 50ms", "failed < 1%")
 *
 * The sentences are those of `Thresholds`. It needs vitest, which is an optional peer.
 *
 * @since 0.1.0
 */
import type { MatchersObject } from "vitest"

import * as Histogram from "./internal/Histogram.ts"
import { isReport, type Report } from "./Report.ts"
import * as Thresholds from "./Thresholds.ts"

declare module "vitest" {
  // The parameters must be those of vitest's own declaration.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** The report of a run fulfils each of these sentences, such as `p99 < 200ms`. */
    toMeet: (...thresholds: ReadonlyArray<string>) => R
  }
}

const named = {
  50: "p50",
  75: "p75",
  90: "p90",
  95: "p95",
  99: "p99",
  99.9: "p999",
  99.99: "p9999",
} as const

const isNamed = (stat: number): stat is keyof typeof named => Object.hasOwn(named, stat)

/** What sentences are judged by, from a report that was made long ago. */
const facts = (report: Report): Thresholds.Facts => ({
  time: (of, stat) => {
    const times = report[of]
    if (times === null) return null
    if (typeof stat !== "number") return times[stat]
    if (isNamed(stat)) return times[named[stat]]
    // Of the latency the report holds everything, of the others the usual percentiles.
    return of === "latency" && report.histogram !== null
      ? Histogram.percentileOf(report.histogram, stat)
      : null
  },
  requests: report.requests,
  rate: report.rate,
})

const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 })

const explain = ({ actual, threshold, unit }: Thresholds.Verdict): string =>
  `${threshold}: ${actual === null ? "nothing was measured" : `it is ${short.format(actual)}${unit === "%" ? " %" : ` ${unit}`}`}`

/**
 * For `expect.extend`.
 *
 * @category matchers
 * @since 0.1.0
 */
export const matchers = {
  toMeet: (received: unknown, ...thresholds: ReadonlyArray<string>) => {
    if (!isReport(received)) {
      throw new TypeError("toMeet needs the report of a load test: expect(await run(plan))")
    }
    const verdicts = thresholds.map((sentence) =>
      Thresholds.judge(Thresholds.parse(sentence), facts(received)),
    )
    const failed = verdicts.filter(({ ok }) => !ok)
    return {
      pass: failed.length === 0,
      message: () =>
        failed.length === 0
          ? `the run meets ${thresholds.join(", ")}, and should not`
          : `the run does not meet ${failed.map(explain).join("; ")}`,
    }
  },
} satisfies MatchersObject
