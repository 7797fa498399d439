/**
 * A real program run as a child of a test. Owns the child, its process group and its output; what the
 * program does is the test's. It stops when the scope closes:
 *
 * 1. the whole process group gets SIGKILL, also when its leader has already exited;
 * 2. the exit of the leader is awaited;
 * 3. both pipes are destroyed, so that a grandchild in another group cannot keep the test alive.
 *
 * @since 0.1.0
 */
import { type ChildProcess, spawn } from "node:child_process"

import { Deferred, type Duration, Effect, Schema, type Scope } from "effect"

import * as Condition from "./Condition.ts"
import { sleep } from "./internal/realTime.ts"

/**
 * The program could not be started; `cause` is Node's error (ENOENT, EACCES).
 *
 * @category errors
 * @since 0.1.0
 */
export class ProgramNotStarted extends Schema.TaggedError<ProgramNotStarted>()(
  "ProgramNotStarted",
  { command: Schema.String, cause: Schema.Defect() },
) {
  override get message(): string {
    return `cannot start ${this.command}: ${String(this.cause)}`
  }
}

/** @category models */
export interface Options {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  /** Laid over the environment of this process; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Default: the directory of this process. */
  readonly cwd?: string | undefined
}

/** Exactly one of the two is null. @category models */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** @category models */
export interface Program {
  readonly pid: number
  /** All of stdout so far. */
  readonly stdout: () => string
  /** All of stderr so far. */
  readonly stderr: () => string
  /**
   * Waits until stdout or stderr holds `pattern` (stdout is searched first) and gives the match.
   * Default deadline 5 seconds. Fails with the output in the message, at once when the program has exited
   * without saying it.
   */
  readonly waitForOutput: (
    pattern: string | RegExp,
    deadline?: Duration.Input,
  ) => Effect.Effect<RegExpExecArray, Condition.ConditionNotMet>
  /** Sends a signal to the program alone; false when it has already gone. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<boolean>
  /** Sends a signal to the whole process group; false when nobody is left in it. */
  readonly signalGroup: (signal: NodeJS.Signals) => Effect.Effect<boolean>
  /** Completes when the program has exited and its output has been read. */
  readonly exit: Effect.Effect<Exit>
  /** Command, pid, exit if any and the output so far, for messages of failures. */
  readonly diagnostics: () => string
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** ESRCH: nobody is left. EPERM: macOS says so of a group in which only zombies are left. */
const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ESRCH" || (pid < 0 && code === "EPERM")) return false
    throw error
  }
}

const spawned = (options: Options): Effect.Effect<ChildProcess, ProgramNotStarted> =>
  Effect.callback((resume) => {
    const child = spawn(options.command, [...(options.args ?? [])], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    child.once("spawn", () => resume(Effect.succeed(child)))
    child.once("error", (cause) =>
      resume(Effect.fail(new ProgramNotStarted({ command: options.command, cause }))),
    )
  })

/**
 * Starts a program in a process group of its own. Its stdin is empty; its output is kept.
 *
 * Fails with `ProgramNotStarted`.
 *
 * @category starting
 * @since 0.1.0
 */
export const start = (options: Options): Effect.Effect<Program, ProgramNotStarted, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.gen(function* () {
        const exited = yield* Deferred.make<Exit>()
        const drained = yield* Deferred.make<Exit>()
        const child = yield* spawned(options)
        const output = { stdout: "", stderr: "", exit: undefined as Exit | undefined }
        child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text))
        child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text))
        child.once("exit", (code, signal) => {
          output.exit = { code, signal }
          Deferred.doneUnsafe(exited, Effect.succeed({ code, signal }))
        })
        child.once("close", (code, signal) => {
          Deferred.doneUnsafe(drained, Effect.succeed({ code, signal }))
        })
        return { child, pid: child.pid ?? 0, output, exited, drained }
      }),
      ({ child, exited, pid }) =>
        Effect.gen(function* () {
          send(-pid, "SIGKILL")
          yield* Deferred.await(exited)
          child.stdout?.destroy()
          child.stderr?.destroy()
        }),
    ),
    ({ drained, exited, output, pid }): Program => {
      const diagnostics = (): string =>
        [
          `${[options.command, ...(options.args ?? [])].join(" ")} (pid ${pid})`,
          output.exit === undefined
            ? "still running"
            : `exited with code ${output.exit.code}, signal ${output.exit.signal}`,
          `--- stdout\n${output.stdout}`,
          `--- stderr\n${output.stderr}`,
        ].join("\n")
      return {
        pid,
        stdout: () => output.stdout,
        stderr: () => output.stderr,
        diagnostics,
        signal: (signal) => Effect.sync(() => output.exit === undefined && send(pid, signal)),
        signalGroup: (signal) => Effect.sync(() => send(-pid, signal)),
        // A grandchild may hold the pipes open for ever, so their end is awaited only for a moment.
        exit: Effect.flatMap(Deferred.await(exited), (exit) =>
          Effect.raceFirst(Deferred.await(drained), Effect.as(sleep("250 millis"), exit)),
        ),
        waitForOutput: (pattern, deadline = "5 seconds") => {
          const what = `the program says ${String(pattern)}`
          const search = new RegExp(
            typeof pattern === "string" ? escape(pattern) : pattern.source,
            typeof pattern === "string" ? "" : pattern.flags.replaceAll(/[gy]/g, ""),
          )
          return Condition.until(
            what,
            () => {
              const match = search.exec(output.stdout) ?? search.exec(output.stderr)
              if (match !== null) return { match }
              return Deferred.isDoneUnsafe(drained) ? { match: undefined } : undefined
            },
            { deadline, state: diagnostics },
          ).pipe(
            Effect.flatMap(({ match }) =>
              match === undefined
                ? Effect.fail(
                    new Condition.ConditionNotMet({
                      what,
                      waitedMillis: 0,
                      last: "the program has exited without saying it",
                      state: diagnostics(),
                    }),
                  )
                : Effect.succeed(match),
            ),
          )
        },
      }
    },
  )
