/**
 * What a slow request does to the fast ones: one `/` always in flight, `/fast` asked over and over
 * with a new connection each time, first against one worker and then against two.
 */
import { LoadTest, type Report } from "@manycore/loadtest"
import { Effect } from "effect"

import { bar, ms, table } from "./bars.ts"
import * as Demo from "./Demo.ts"
import { environment } from "./environment.ts"
import type { Experiment, Result } from "./Experiment.ts"
import { LabError } from "./LabError.ts"

export interface Case {
  readonly workers: number
  /** `/fast`, latencies in ms. */
  readonly fast: Answers
  /** `/` meanwhile, latencies in ms. */
  readonly slow: Answers
}

interface Answers {
  readonly requests: number
  readonly failed: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface FastAndSlow extends Result {
  readonly cases: ReadonlyArray<Case>
}

/** How long each case is measured. */
const duration = "6 seconds"

const about = {
  name: "fast-and-slow",
  title: "A slow route beside a fast one",
  question:
    "What happens to /fast while one request to / holds an event loop, with one worker and with two?",
} as const

const answers = (route: string, report: Report.Report): Effect.Effect<Answers, LabError> => {
  const { latency, requests } = report
  if (latency === null) {
    return Effect.fail(new LabError({ message: `${route} gave no answer at all` }))
  }
  const { max, mean, p50, p90, p99 } = latency
  return Effect.succeed({
    requests: requests.sent,
    failed: requests.failed,
    mean,
    p50,
    p90,
    p99,
    max,
  })
}

const measure = Effect.fnUntraced(
  function* (workers: number) {
    const { url } = yield* Demo.start({ workers })
    const one = { connections: 1, keepAlive: false, timeout: "30 seconds" } as const
    const slow = yield* LoadTest.start({ ...one, url: `${url}/`, duration: "1 hour" })
    const fast = yield* LoadTest.run({ ...one, url: `${url}/fast`, duration, grace: "5 seconds" })
    return {
      workers,
      fast: yield* answers("/fast", fast),
      slow: yield* answers("/", yield* slow.stop),
    } satisfies Case
  },
  Effect.scoped,
  Effect.catchTag("LoadTestError", (error) =>
    Effect.fail(new LabError({ message: error.message })),
  ),
)

/** The sentence that these figures, and no others, support. */
export const verdict = (one: Case, two: Case): string => {
  // Of two workers one is busy: about half of the requests wait, so the median may be either.
  const figures = `${ms(one.fast.mean)} on average with one worker, ${ms(two.fast.mean)} with two`
  if (one.fast.mean / two.fast.mean < 1.2)
    return `A second worker did not help /fast here: ${figures}.`
  const still =
    two.fast.p90 > one.fast.mean / 2
      ? "; it still waits whenever the next connection is the busy worker's turn"
      : ""
  return `While / holds the loop, /fast waits for it: ${figures}${still}.`
}

const draw = (cases: ReadonlyArray<Case>): ReadonlyArray<string> => {
  const rows = cases.flatMap(({ fast, slow, workers }) => [
    [`${workers} worker${workers === 1 ? "" : "s"}`, "/fast", ...figures(fast)],
    ["", "/", ...figures(slow)],
  ])
  const max = Math.max(...cases.flatMap(({ fast }) => [fast.mean, fast.p90]))
  const bars = cases.flatMap(({ fast, workers }) =>
    (["mean", "p90"] as const).map(
      (p, i) =>
        `${i === 0 ? `${workers} worker${workers === 1 ? " " : "s"}` : "         "}  ${p.padEnd(4)}  ${ms(
          fast[p],
        ).padStart(8)}  ${bar(fast[p], max, 44)}`,
    ),
  )
  return [
    ...table([["", "route", "requests", "failed", "mean", "p50", "p90", "max"], ...rows]),
    "",
    "How long /fast takes:",
    ...bars,
  ]
}

const figures = ({ failed, max, mean, p50, p90, requests }: Answers) => [
  String(requests),
  String(failed),
  ms(mean),
  ms(p50),
  ms(p90),
  ms(max),
]

export const fastAndSlow: Experiment = {
  ...about,
  run: Effect.fnUntraced(function* (progress) {
    yield* progress(`1 of 2: one worker, ${duration}`)
    const one = yield* measure(1)
    yield* progress(`2 of 2: two workers, ${duration}`)
    const two = yield* measure(2)
    const result: FastAndSlow = {
      ...about,
      environment: yield* environment,
      cases: [one, two],
      verdict: verdict(one, two),
    }
    return { result, lines: draw(result.cases) }
  }),
}
