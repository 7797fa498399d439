/**
 * The program behind `manyload`: reads its arguments, runs a command, turns what becomes of it into
 * an exit code.
 *
 * Documents and summaries go to stdout, everything else to stderr, an error in one sentence.
 *
 * How it stops: SIGINT or SIGTERM ends a run as its duration would, its report is printed, the exit
 * code is 130. A second signal ends the process at once.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"

import { version } from "../internal/Environment.ts"
import * as Argv from "./argv.ts"
import * as Commands from "./commands.ts"
import { codes, Failed, usage } from "./exit.ts"
import * as Explain from "./explain.ts"
import * as Io from "./io.ts"
import { orUsage } from "./run.ts"

/** Help on stdout when asked for; a wrong call is one sentence on stderr, which `toFailed` makes. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event),
}

const toFailed = (error: Failed | CliError.CliError): Failed =>
  error._tag === "Failed" ? error : usage(`${Explain.parser(error)} (manyload --help shows how)`)

const main = Effect.suspend(() => orUsage(Argv.read(process.argv.slice(2)))).pipe(
  Effect.flatMap(({ args, command }) =>
    Command.runWith(Commands.manyload(command), { version })(args),
  ),
  Effect.mapError(toFailed),
  Effect.provideService(CliOutput.Presenter, presenter),
  Effect.provideService(
    CliConfig.CliConfig,
    CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
  ),
  Effect.provide(NodeServices.layer),
)

const toCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return codes.ok
  const failed = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (failed instanceof Failed) {
    if (failed.sentence !== undefined) Io.complain(failed.sentence)
    return failed.code
  }
  const defect: unknown = Cause.squash(exit.cause)
  const reason = defect instanceof Error ? defect.message : String(defect)
  Io.complain(`could not run: ${reason.split("\n", 1)[0]}`)
  return codes.broken
}

// Not NodeRuntime's: there a signal interrupts the program, here it asks for the report.
const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  fiber.addObserver((exit) =>
    teardown(exit, (code) => {
      process.exitCode = code
    }),
  )
})

/** Runs the command that the process was started with; sets its exit code. */
export const run = (): void => {
  // `Io.print` says what is wrong with stdout; that nobody reads the progress is no reason to end a run.
  process.stdout.on("error", () => {})
  process.stderr.on("error", () => {})
  runMain(main, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(toCode(exit)),
  })
}
