/** `manyload find`: the highest rate at which thresholds hold. */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

import * as Find from "../Find.ts"
import type * as LoadTest from "../LoadTest.ts"
import type * as Plan from "../Plan.ts"
import * as Document from "./document.ts"
import { codes, Failed, usage } from "./exit.ts"
import * as Io from "./io.ts"
import * as Live from "./live.ts"
import * as Rates from "./render/Rates.ts"
import { checked, type FileFlags, files, fromLoadTest, orUsage } from "./run.ts"
import * as ToPlan from "./toPlan.ts"

/** Percentiles that have a flag of their own. */
const percentiles = ["p50", "p90", "p95", "p99", "p999"] as const

type Percentiles = { readonly [P in (typeof percentiles)[number]]: Option.Option<string> }

export interface Input extends ToPlan.Input, FileFlags, Percentiles {
  readonly thresholds: ReadonlyArray<string>
  readonly probe: Option.Option<string>
  readonly from: Option.Option<string>
  readonly minRate: Option.Option<string>
  readonly maxRate: Option.Option<string>
  readonly precision: Option.Option<string>
  readonly json: boolean
  readonly out: Option.Option<string>
  readonly quiet: boolean
  readonly noProgress: boolean
}

/** `--p99 200ms` is `--threshold 'p99 < 200ms'`. */
export const thresholds = (
  input: Percentiles & Pick<Input, "thresholds">,
): Result.Result<ReadonlyArray<string>, string> =>
  Result.gen(function* () {
    const all = [...input.thresholds]
    for (const flag of percentiles) {
      const given = input[flag]
      if (Option.isNone(given)) continue
      yield* ToPlan.time(`--${flag}`)(given.value)
      const time = /\d$/.test(given.value) ? `${given.value}s` : given.value
      all.push(`${flag === "p999" ? "p99.9" : flag} < ${time}`)
    }
    return all.length > 0
      ? all
      : yield* Result.fail("find needs to know what must hold: try --p99 200ms")
  })

/** `5%`, or `0.05`. */
const precision = (given: string): Result.Result<number, string> => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(given)
  const value = match === null ? 0 : Number(match[1]) / (match[2] === "%" ? 100 : 1)
  return value > 0
    ? Result.succeed(value)
    : Result.fail(`--precision must be a share such as 5%, got ${JSON.stringify(given)}`)
}

const options = (input: Input): Result.Result<Find.Options, string> =>
  Result.gen(function* () {
    return {
      probe: yield* ToPlan.optional(input.probe, ToPlan.time("--probe", 1)),
      from: yield* ToPlan.optional(input.from, ToPlan.rate("--from")),
      min: yield* ToPlan.optional(input.minRate, ToPlan.rate("--min-rate")),
      max: yield* ToPlan.optional(input.maxRate, ToPlan.rate("--max-rate")),
      precision: yield* ToPlan.optional(input.precision, precision),
    }
  })

/** What people type for an option of the search. */
const flags: Readonly<Record<string, string>> = {
  min: "--min-rate",
  from: "--from",
  precision: "--precision",
}

const fromFind = (error: LoadTest.LoadTestError): Failed => {
  const { message, reason } = error
  if (reason._tag !== "InvalidPlan" || !Object.hasOwn(flags, reason.field))
    return fromLoadTest(error)
  return usage(`${flags[reason.field]}${message.slice(reason.field.length)}`)
}

const searched = Effect.fnUntraced(function* (
  plan: Plan.Plan,
  input: Plan.Input,
  options: Find.Options,
  progress: boolean,
) {
  const run = (more: Find.Options) =>
    Effect.mapError(Find.run(input, { ...options, ...more }), fromFind)
  if (!progress) return yield* run({})
  const { onProbe, onTry, show } = yield* Live.search(process.stderr, plan)
  const live = yield* Effect.forkScoped(show)
  const report = yield* run({ onProbe, onTry })
  yield* Fiber.interrupt(live)
  return report
}, Effect.scoped)

/** The handler of the command. */
export const handle = Effect.fnUntraced(function* (input: Input) {
  const must = yield* orUsage(thresholds(input))
  const request = yield* orUsage(ToPlan.request(input, yield* files(input)))
  const given = yield* orUsage(options(input))
  const out = Option.getOrUndefined(input.out)
  const file = out === "-" ? undefined : out
  const alone = file === undefined && (input.json || out === "-")
  if (file !== undefined) yield* Io.writable("--out", file)

  // A rate of any kind makes it the open model that it will be.
  const plan = yield* checked({ ...request, thresholds: must, rate: 1 })
  // What the search chooses, or has a default of its own for.
  const { duration: _, rate: __, warmup, ...rest } = plan
  const interrupted = yield* Io.interruption
  const report = yield* searched(
    plan,
    Option.isSome(input.warmup) ? { ...rest, warmup } : rest,
    { ...given, stop: Deferred.await(interrupted) },
    !input.quiet && !input.noProgress,
  )
  const document = Document.json(Find.encode(report))
  if (file !== undefined) yield* Io.write(file, document)
  else if (alone) yield* Io.print(document)
  if (!input.quiet && !alone) {
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    yield* Io.print(Rates.render(report, canColor))
  }
  if (yield* Deferred.isDone(interrupted)) return yield* new Failed({ code: codes.interrupted })
  if (report.rate === null) {
    return yield* new Failed({ code: codes.failed, sentence: Find.headline(report) })
  }
}, Effect.scoped)
