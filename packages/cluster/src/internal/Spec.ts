/** What a generation of workers is: the options of `Supervisor`, checked, with every default. */
import { existsSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { Duration, Effect } from "effect"

import type { Readiness } from "../Readiness.ts"
import * as RestartPolicy from "../RestartPolicy.ts"
import { InvalidOption, ProgramNotFound, SupervisorError } from "../SupervisorError.ts"
import type { WorkerOptions } from "../WorkerOptions.ts"
import type { Timings } from "./Life.ts"

export interface Spec {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly execArgv: ReadonlyArray<string>
  readonly cwd: string | undefined
  readonly ready: Readiness
  readonly restart: RestartPolicy.RestartPolicy
  readonly timings: Timings
  /** ms */
  readonly lameDuck: number
  readonly killSignal: NodeJS.Signals
}

export const invalid = (option: string, value: unknown, expected: string) =>
  new SupervisorError({ reason: new InvalidOption({ option, value, expected }) })

export const isFile = (file: string) => existsSync(file) && statSync(file).isFile()

/** In ms. Fails on what is no duration, on negative and endless ones. */
const millis = (option: string, value: Duration.Input | undefined, otherwise: number) => {
  if (value === undefined) return Effect.succeed(otherwise)
  const given = Effect.try({
    try: () => Duration.toMillis(Duration.fromInputUnsafe(value)),
    catch: () => invalid(option, value, 'a duration such as "10 seconds"'),
  })
  return Effect.filterOrFail(
    given,
    // The longest time that a timer can wait.
    (ms) => ms >= 0 && ms <= 2 ** 31 - 1,
    () => invalid(option, value, "a duration from 0 to 24 days"),
  )
}

export const make = Effect.fnUntraced(function* (
  options: WorkerOptions,
  isProgram: (file: string) => boolean = isFile,
): Effect.fn.Return<Spec, SupervisorError> {
  const { program } = options
  const file = typeof program === "string" ? program : fileURLToPath(program)
  if (!isProgram(file)) return yield* new SupervisorError({ reason: new ProgramNotFound({ file }) })
  return {
    file,
    args: [...(options.args ?? [])],
    env: { ...options.env },
    execArgv: [...(options.execArgv ?? process.execArgv)],
    cwd: options.cwd,
    ready: options.ready ?? "listening",
    restart: options.restart ?? RestartPolicy.make(),
    timings: {
      startTimeout: yield* millis("startTimeout", options.startTimeout, 30_000),
      drainTimeout: yield* millis("drainTimeout", options.drainTimeout, 30_000),
      killTimeout: yield* millis("killTimeout", options.killTimeout, 5000),
    },
    lameDuck: yield* millis("lameDuck", options.lameDuck, 1000),
    killSignal: options.killSignal ?? "SIGTERM",
  }
})
