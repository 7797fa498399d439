/**
 * A bench program: workloads and competitors in, a table or one JSON document out. Owns the rounds, the
 * order, the printing and the exit code; the work is in case files (`Case`), each run in a fresh process.
 *
 * How it stops: SIGINT or SIGTERM interrupts the run, which kills the group of the case that runs now,
 * and the program exits with 130 or 143 and prints no document. If it is killed outright, the case's
 * process notices and kills its own group.
 *
 * @since 0.1.0
 */
import { constants } from "node:os"

import { type Duration, Effect, Exit, Schema } from "effect"

import * as Arguments from "./Arguments.ts"
import * as CaseProcess from "./internal/CaseProcess.ts"
import * as Progress from "./internal/Progress.ts"
import * as Report from "./Report.ts"
import * as Rotation from "./Rotation.ts"

/** @category models */
export interface Workload {
  /** Names size and concurrency: "unary small, thread, 100 in flight". Unique in the bench. */
  readonly name: string
  /** Case file by competitor: `manycore` is ours, `raw` the floor. */
  readonly cases: Readonly<Record<string, URL>>
  /** Handed to the case as `context.input`; a JSON value. */
  readonly input?: unknown
  /** For one case in one round, from the start of its process to its end. Default: the bench's. */
  readonly deadline?: Duration.Input | undefined
  /** No more rounds than this: for what takes long, or counts what must not happen. */
  readonly rounds?: number | undefined
}

/** @category models */
export interface Options {
  /** The package: "@manycore/ipc". */
  readonly name: string
  readonly workloads: ReadonlyArray<Workload>
  /** Default 60 seconds. */
  readonly deadline?: Duration.Input | undefined
}

/** @category models */
export interface Outcome {
  readonly document: Report.Document
  /** Every case that failed; the message begins with its name and round. */
  readonly failures: ReadonlyArray<{
    readonly workload: string
    readonly competitor: string
    readonly message: string
  }>
}

const id = (workload: string, competitor: string) => JSON.stringify([workload, competitor])

/**
 * Runs every case `rounds` times, one after the other. A case that fails is not run again and gets no
 * row; the others go on.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (
  options: Options,
  rounds: number,
  progress: Progress.Progress,
): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const environment = Report.environment(options.name, rounds)
    const workloads = options.workloads.map((workload) => ({
      workload,
      competitors: Object.entries(workload.cases),
    }))
    const plan = Rotation.plan(workloads, rounds).filter(
      ({ round, workload }) => round < (workload.rounds ?? rounds),
    )
    const samples: Array<Report.Sample> = []
    const failures = new Map<string, Outcome["failures"][number]>()

    for (const [index, { competitor: entry, round, workload }] of plan.entries()) {
      const [competitor, file] = entry
      if (failures.has(id(workload.name, competitor))) continue
      progress.step(
        `[${index + 1}/${plan.length}] round ${round + 1}/${rounds}: ${workload.name} / ${competitor}`,
      )
      yield* CaseProcess.run(
        {
          file: file.href,
          workload: workload.name,
          competitor,
          round,
          input: workload.input ?? null,
        },
        {
          deadline: workload.deadline ?? options.deadline ?? "60 seconds",
          execArgv: process.execArgv,
        },
      ).pipe(
        Effect.match({
          onSuccess: (measurements) => {
            samples.push({ workload: workload.name, competitor, measurements })
          },
          onFailure: (error) => {
            failures.set(id(workload.name, competitor), error)
            progress.note(`FAILED ${error.message}`)
          },
        }),
      )
    }
    progress.end()
    const order = workloads.flatMap(({ competitors, workload }) =>
      competitors.map(([competitor]) => ({ workload: workload.name, competitor })),
    )
    const whole = samples.filter(
      ({ competitor, workload }) => !failures.has(id(workload, competitor)),
    )
    return {
      document: { environment, rows: Report.rows(whole, order) },
      failures: [...failures.values()],
    }
  })

/** Writes all of it before it goes on; a reader that has gone (`| head`) is no failure. */
const write = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((written) => {
    stream.once("error", () => written())
    stream.write(text, () => written())
  })

const print = Schema.encodeSync(Schema.fromJsonString(Report.Document))

/** Parses, runs, prints. Answers the exit code. */
const perform = async (
  options: Options,
  args: ReadonlyArray<string>,
  signal: AbortSignal,
): Promise<number> => {
  const names = options.workloads.map((workload) => workload.name)
  const parsed = Arguments.parse(args)
  if (parsed._tag === "Help") {
    await write(process.stdout, Arguments.help(options.name, names))
    return 0
  }
  if (parsed._tag === "Bad") {
    await write(process.stderr, `${parsed.sentence}\n`)
    return 2
  }
  const { json, only, rounds } = parsed
  const workloads = options.workloads.filter(
    ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
  )
  if (workloads.length === 0) {
    const wanted = only.map((part) => `"${part}"`).join(" or ")
    await write(process.stderr, `No workload contains ${wanted}; there are: ${names.join("; ")}.\n`)
    return 2
  }
  const started = performance.now()
  const exit = await Effect.runPromiseExit(
    run({ ...options, workloads }, rounds, Progress.make(process.stderr)),
    { signal },
  )
  if (signal.aborted) return 1
  if (Exit.isFailure(exit)) throw new Error("the bench itself is broken", { cause: exit.cause })
  const { document, failures } = exit.value
  await write(process.stdout, json ? `${print(document)}\n` : Report.table(document))
  const seconds = Math.round((performance.now() - started) / 1000)
  const failed = failures.map(({ competitor, workload }) => `${workload} / ${competitor}`)
  const verdict = failed.length === 0 ? "all cases passed" : `FAILED: ${failed.join("; ")}`
  await write(process.stderr, `${options.name}, ${seconds} s, ${verdict}\n`)
  return failures.length === 0 ? 0 : 1
}

/**
 * The whole program: reads the command line, runs, prints, and sets the exit code: 0, 1 when a case
 * failed, 2 for bad arguments, 130 or 143 after SIGINT or SIGTERM.
 *
 * @param args default: what follows the program's name
 * @category running
 * @since 0.1.0
 */
export const main = async (
  options: Options,
  args: ReadonlyArray<string> = process.argv.slice(2),
): Promise<void> => {
  const abort = new AbortController()
  let signalled: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals): void => {
    signalled ??= signal
    abort.abort()
  }
  process.on("SIGINT", stop).on("SIGTERM", stop)
  const code = await perform(options, args, abort.signal)
  process.off("SIGINT", stop).off("SIGTERM", stop)
  process.exitCode = signalled === undefined ? code : 128 + constants.signals[signalled]
}
