/** What a generation of workers is: the options of `Supervisor`, checked, with every default. */
import { statSync } from "node:fs"
import { constants } from "node:os"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"

import { Duration, Effect, Predicate, Schedule, Schema } from "effect"

import { Readiness } from "../Readiness.ts"
import * as RestartPolicy from "../RestartPolicy.ts"
import { InvalidOption, ProgramNotFound, SupervisorError } from "../SupervisorError.ts"
import type { WorkerOptions } from "../WorkerOptions.ts"
import type { Timings } from "./fleet/Life.ts"

export interface Spec {
  /** What it was made of, for a reload to change. */
  readonly options: WorkerOptions
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

/** Whether a path leads to a file or to a folder. */
export type Look = (path: string) => { readonly isFile: boolean; readonly isFolder: boolean }

/** The file system. */
export const look: Look = (path) => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return { isFile: stats?.isFile() === true, isFolder: stats?.isDirectory() === true }
}

export const invalid = (option: string, value: unknown, expected: string) =>
  new SupervisorError({ reason: new InvalidOption({ option, value, expected }) })

/** Callers without types may give anything: it fails here, and not in the middle of a reload. */
const check = (isGood: boolean, option: string, value: unknown, expected: string) =>
  isGood ? Effect.void : Effect.fail(invalid(option, value, expected))

/** Fails on what this system does not know as a signal. */
export const checkSignal = (option: string, name: string) =>
  check(Object.hasOwn(constants.signals, name), option, name, 'a signal such as "SIGTERM"')

const isTexts = Schema.is(Schema.Array(Schema.String))

const isReadiness = Schema.is(Readiness)

const isPolicy = (value: unknown): boolean =>
  Predicate.isObject(value) &&
  ["type", "doneExitCodes", "backoff", "stableAfter", "early", "intensity"].every(
    (name) => name in value,
  )

const checkRestart = Effect.fnUntraced(function* (restart: RestartPolicy.RestartPolicy) {
  yield* check(isPolicy(restart), "restart", restart, "what RestartPolicy.make answers")
  const { backoff, doneExitCodes, intensity, type } = restart
  const isType = Schema.is(RestartPolicy.Type)
  yield* check(isType(type), "restart.type", type, '"permanent", "transient" or "temporary"')
  yield* check(
    Schema.is(Schema.Array(Schema.Int))(doneExitCodes),
    "restart.doneExitCodes",
    doneExitCodes,
    "a list of whole numbers",
  )
  yield* check(Schedule.isSchedule(backoff), "restart.backoff", backoff, "a Schedule")
  yield* check(
    Number.isInteger(intensity.crashes) && intensity.crashes >= 0,
    "restart.intensity.crashes",
    intensity.crashes,
    "a whole number from 0",
  )
})

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

const pathOf = (program: unknown): Effect.Effect<string, SupervisorError> => {
  // A worker with a folder of its own must find what the primary found.
  if (typeof program === "string") return Effect.succeed(resolve(program))
  return program instanceof URL && program.protocol === "file:"
    ? Effect.succeed(fileURLToPath(program))
    : Effect.fail(invalid("program", program, "the path of a file, or a URL with file:"))
}

/** @param look where programs and folders are looked for */
export const make = Effect.fnUntraced(function* (
  options: WorkerOptions,
  look: Look,
): Effect.fn.Return<Spec, SupervisorError> {
  const { args = [], cwd, execArgv = process.execArgv, killSignal = "SIGTERM" } = options
  const { ready = "listening", restart = RestartPolicy.make() } = options
  const file = yield* pathOf(options.program)
  if (!look(file).isFile)
    return yield* new SupervisorError({ reason: new ProgramNotFound({ file }) })
  yield* check(isTexts(args), "args", args, "a list of strings")
  yield* check(isTexts(execArgv), "execArgv", execArgv, "a list of strings")
  yield* check(
    options.env === undefined || Predicate.isObject(options.env),
    "env",
    options.env,
    "an object of strings",
  )
  yield* check(cwd === undefined || look(cwd).isFolder, "cwd", cwd, "a folder that exists")
  yield* checkSignal("killSignal", killSignal)
  yield* check(
    isReadiness(ready),
    "ready",
    typeof ready === "string" ? ready : JSON.stringify(ready),
    '"listening", "message", "spawned", uptime(ms) or probe("/path")',
  )
  yield* checkRestart(restart)
  return {
    options,
    file,
    args: [...args],
    env: { ...options.env },
    execArgv: [...execArgv],
    cwd,
    ready,
    restart,
    timings: {
      startTimeout: yield* millis("startTimeout", options.startTimeout, 30_000),
      drainTimeout: yield* millis("drainTimeout", options.drainTimeout, 30_000),
      killTimeout: yield* millis("killTimeout", options.killTimeout, 5000),
    },
    lameDuck: yield* millis("lameDuck", options.lameDuck, 1000),
    killSignal,
  }
})
