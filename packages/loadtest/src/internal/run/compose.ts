/** The report of a run, and how it is doing in between, from what its ledger holds. */
import * as Duration from "effect/Duration"

import * as Arrivals from "../../Arrivals.ts"
import * as Plan from "../../Plan.ts"
import { type Report, version } from "../../Report.ts"
import type { Snapshot } from "../../Snapshot.ts"
import * as Thresholds from "../../Thresholds.ts"
import * as Secrets from "../plan/secrets.ts"
import * as Delivered from "./delivered.ts"
import type { Result } from "./Generators.ts"
import type { Ledger } from "./Ledger.ts"
import type { Series } from "./Series.ts"
import * as Warnings from "./warnings.ts"

/** The schedule of the whole plan; `undefined` in the closed model. */
const arrivalsOf = (plan: Plan.Plan): Arrivals.Arrivals | undefined =>
  Plan.isOpen(plan)
    ? Arrivals.make({
        rate: plan.rate ?? 0,
        stages: plan.stages?.map((stage) => ({
          duration: Duration.toMillis(stage.duration),
          rate: stage.rate,
        })),
      })
    : undefined

/** How long the schedule was walked through, in ms. */
const scheduled = (
  plan: Plan.Plan,
  arrivals: Arrivals.Arrivals,
  results: ReadonlyArray<Result>,
): number => {
  const sending = Plan.sendingTime(plan)
  const limit = sending === undefined ? Infinity : Duration.toMillis(sending)
  const ended = Math.max(...results.map((result) => result.stoppedAt - result.startedAt))
  // A run that ends by its requests has walked to where the next one would have been; of a random
  // schedule only the last one is known.
  const planned =
    plan.requests === undefined
      ? Infinity
      : plan.arrivals === "poisson"
        ? ended
        : timeOf(arrivals, plan.requests, Math.max(1, ended))
  const natural = results.every(({ ended }) => ended === "duration" || ended === "requests")
  return Math.max(0, natural ? Math.min(limit, planned) : Math.min(limit, planned, ended))
}

/** When so many arrivals are expected, by bisection; at most a thousand times `hint` ms. */
const timeOf = (arrivals: Arrivals.Arrivals, count: number, hint: number): number => {
  let low = 0
  let high = hint
  for (let i = 0; i < 10 && arrivals.expected(high) < count; i += 1) high *= 2
  if (arrivals.expected(high) < count) return Infinity
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2
    if (arrivals.expected(middle) < count) low = middle
    else high = middle
  }
  return high
}

const sumOf = (results: ReadonlyArray<Result>, count: (result: Result) => number): number =>
  results.reduce((sum, result) => sum + count(result), 0)

/** The first of these that a generator ended with is what the run ended with. */
const order: ReadonlyArray<Report["ended"]> = [
  "stopped",
  "bail",
  "deadline",
  "duration",
  "requests",
  "unreachable",
]

const endingOf = (results: ReadonlyArray<Result>): Report["ended"] =>
  order.find((name) => results.some(({ ended }) => ended === name)) ?? "stopped"

export const report = (
  plan: Plan.Plan,
  environment: Report["environment"],
  ledger: Ledger,
  series: Series,
  results: ReadonlyArray<Result>,
): Report => {
  const startedAt = Math.min(...results.map((result) => result.startedAt))
  const duration = Math.max(0, Math.max(...results.map((result) => result.endedAt)) - startedAt)
  const arrivals = arrivalsOf(plan)
  const sending = arrivals === undefined ? undefined : scheduled(plan, arrivals, results)
  const findings = ledger.findings(true)
  const intervals = series.intervals(duration)
  const unsent = sumOf(results, (result) => result.unsent)
  const due =
    arrivals === undefined || sending === undefined
      ? null
      : plan.arrivals === "poisson"
        ? // Chance decides how many there are: more or fewer than expected are nobody's fault.
          findings.requests.sent + unsent
        : arrivals.expected(sending)
  const rate = {
    asked: due === null ? null : Delivered.perSecond(due, sending ?? 0),
    delivered: Delivered.of({
      answers: ledger.answers,
      late: sumOf(results, (result) => result.lateAnswers),
      last: ledger.lastAnswer - startedAt,
      stopped: Math.max(...results.map((result) => result.stoppedAt)) - startedAt,
      typical: Math.min(...intervals.flatMap(({ p50 }) => p50 ?? [])),
      scheduled: sending,
      due: due ?? Infinity,
    }),
  }
  const { lateness } = ledger
  const ended = endingOf(results)
  const model = arrivals === undefined ? "closed" : "open"
  const facts: Thresholds.Facts = {
    time: (of, stat) => ledger.time(of, stat),
    requests: findings.requests,
    rate,
  }
  return {
    version,
    plan: Secrets.withoutKey(plan),
    environment,
    model,
    ended,
    ...findings,
    rate,
    lateness,
    duration,
    series: intervals,
    thresholds: plan.thresholds.map((sentence) =>
      Thresholds.judge(Thresholds.parse(sentence), facts),
    ),
    routes: ledger.routes(Plan.targets(plan)),
    warnings: Warnings.of({
      model,
      ended,
      requests: findings.requests,
      rate,
      lateness,
      unsent,
      unopened: sumOf(results, (result) => result.unopened),
      connections: Plan.connectionLimit(plan),
      threads: results.length,
      precise: plan.pacing === "precise",
      busy: Math.max(...results.map(({ busy }) => busy)),
      duration,
    }),
  }
}

/** `now` and `startedAt` in ms since 1970; `startedAt` is `undefined` before the first request. */
export const snapshot = (
  plan: Plan.Plan,
  phase: Snapshot["phase"],
  ledger: Ledger,
  series: Series,
  startedAt: number | undefined,
  now: number,
): Snapshot => {
  const elapsed = startedAt === undefined ? 0 : Math.max(0, now - startedAt)
  const { bytes, errors, latency, requests, statuses } = ledger.findings(false)
  const sending = Plan.sendingTime(plan)
  const shares = [
    ...(sending === undefined ? [] : [elapsed / Duration.toMillis(sending)]),
    ...(plan.requests === undefined ? [] : [(requests.ok + requests.failed) / plan.requests]),
  ]
  return {
    phase,
    elapsed,
    progress: shares.length === 0 ? null : Math.min(1, Math.max(...shares)),
    requests,
    rate: {
      asked: arrivalsOf(plan)?.rateAt(elapsed) ?? null,
      delivered: Delivered.perSecond(ledger.answers, elapsed),
    },
    latency,
    statuses,
    errors,
    bytes,
    recent: series.recent,
  }
}
