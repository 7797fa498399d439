/**
 * One fresh process for one case: starts `runner.ts` in a process group of its own, listens to its
 * report, keeps the end of its output for the message of a failure.
 *
 * How it stops: whatever the outcome (report, death, deadline, interruption), the whole group gets
 * SIGKILL, and the end of the process is awaited, so that the next case has the machine to itself.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

import { Deferred, Duration, Effect, Option, Schema } from "effect"

import type { Measurement } from "../Case.ts"
import { type Assignment, descriptor } from "./protocol.ts"

const Phase = Schema.Literals(["set up", "check", "measure", "close"])

const Message = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ _tag: Schema.tag("Entered"), phase: Phase }),
    Schema.Struct({ _tag: Schema.tag("Failed"), phase: Phase, message: Schema.String }),
    Schema.Struct({
      _tag: Schema.tag("Measured"),
      measurements: Schema.Array(
        Schema.Struct({ metric: Schema.String, unit: Schema.String, value: Schema.Finite }),
      ),
    }),
  ]),
)
const decode = Schema.decodeUnknownOption(Message)

/** The case threw, rejected or failed in `phase`; a failing check is phase `check`. */
class Failed extends Schema.TaggedError<Failed>()("Failed", {
  phase: Phase,
  error: Schema.String,
}) {}

/** The deadline passed in `phase`; the process was killed. */
class Stuck extends Schema.TaggedError<Stuck>()("Stuck", {
  phase: Phase,
  deadlineMillis: Schema.Finite,
}) {}

/** The process ended without a report. */
class Died extends Schema.TaggedError<Died>()("Died", {
  phase: Phase,
  code: Schema.NullOr(Schema.Finite),
  signal: Schema.NullOr(Schema.String),
}) {}

const explain = (reason: Failed | Stuck | Died): string => {
  switch (reason._tag) {
    case "Failed": {
      const what = reason.phase === "check" ? "the check failed" : `failed in "${reason.phase}"`
      return `${what}: ${reason.error}`
    }
    case "Stuck":
      return `stuck in "${reason.phase}", killed after ${reason.deadlineMillis} ms`
    case "Died":
      return `died in "${reason.phase}" (code ${reason.code}, signal ${reason.signal}) before it reported`
  }
}

export class CaseFailed extends Schema.TaggedError<CaseFailed>()("CaseFailed", {
  workload: Schema.String,
  competitor: Schema.String,
  round: Schema.Finite,
  reason: Schema.Union([Failed, Stuck, Died]),
  output: Schema.String,
}) {
  override get message(): string {
    const output = this.output.trim() === "" ? "" : `\n--- output of the case\n${this.output}`
    return `${this.workload} / ${this.competitor}, round ${this.round + 1}: ${explain(this.reason)}${output}`
  }
}

/** ESRCH: nobody is left. EPERM: macOS says so of a group in which only zombies are left. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code !== "ESRCH" && code !== "EPERM") throw error
  }
}

const start = (assignment: Assignment, execArgv: ReadonlyArray<string>): ChildProcess =>
  spawn(
    process.execPath,
    [
      ...execArgv,
      fileURLToPath(new URL("./runner.ts", import.meta.url)),
      JSON.stringify(assignment),
    ],
    { detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] },
  )

/** Runs the case once. Fails with `CaseFailed`; a Node that cannot be started is a defect. */
export const run = (
  assignment: Assignment,
  options: { readonly deadline: Duration.Input; readonly execArgv: ReadonlyArray<string> },
): Effect.Effect<ReadonlyArray<Measurement>, CaseFailed> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const child = start(assignment, options.execArgv)
      const state = { phase: "set up" as typeof Phase.Type, output: "" }
      const answered = Deferred.makeUnsafe<ReadonlyArray<Measurement>, Failed | Died>()
      const ended = Deferred.makeUnsafe<void>()

      const keep = (text: string) => {
        state.output = (state.output + text).slice(-16_384)
      }
      child.stdout?.setEncoding("utf8").on("data", keep)
      child.stderr?.setEncoding("utf8").on("data", keep)

      let rest = ""
      const onReport = (text: string) => {
        const lines = (rest + text).split("\n")
        rest = lines.pop() ?? ""
        for (const message of lines.flatMap((line) => Option.toArray(decode(line)))) {
          if (message._tag === "Entered") state.phase = message.phase
          else if (message._tag === "Measured") {
            Deferred.doneUnsafe(answered, Effect.succeed(message.measurements))
          } else {
            const { message: error, phase } = message
            Deferred.doneUnsafe(answered, Effect.fail(new Failed({ phase, error })))
          }
        }
      }
      const report = child.stdio[descriptor]
      if (report !== null && report !== undefined && "setEncoding" in report) {
        report.setEncoding("utf8")
        report.on("data", onReport)
        report.on("error", () => report.destroy())
      }

      child.once("error", (error) => {
        Deferred.doneUnsafe(answered, Effect.die(error))
        Deferred.doneUnsafe(ended, Effect.void)
      })
      // `close` comes after all output has been read; a grandchild may hold it back until the group dies.
      child.once("exit", () => killGroup(child.pid ?? 0))
      child.once("close", (code, signal) => {
        Deferred.doneUnsafe(answered, Effect.fail(new Died({ phase: state.phase, code, signal })))
        Deferred.doneUnsafe(ended, Effect.void)
      })
      return { child, state, answered, ended }
    }),
    ({ answered, ended, state }) =>
      // The report alone is not the end: a case that cannot stop is stuck, too.
      Effect.andThen(Deferred.await(ended), Deferred.await(answered)).pipe(
        Effect.timeoutOrElse({
          duration: options.deadline,
          orElse: () =>
            Effect.fail(
              new Stuck({
                phase: state.phase,
                deadlineMillis: Duration.toMillis(options.deadline),
              }),
            ),
        }),
        Effect.mapError(
          (reason) =>
            new CaseFailed({
              workload: assignment.workload,
              competitor: assignment.competitor,
              round: assignment.round,
              reason,
              output: state.output,
            }),
        ),
      ),
    ({ child, ended }) =>
      Effect.suspend(() => {
        if (child.pid === undefined) return Effect.void
        killGroup(child.pid)
        return Deferred.await(ended)
      }),
  )
