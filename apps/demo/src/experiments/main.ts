/**
 * `npm run experiment`: the command of the lab. Results go to stdout, progress and errors to stderr.
 *
 * Exit codes: 0 ok, 1 the experiment could not be carried out, 2 bad usage, 130 interrupted.
 */
import { styleText } from "node:util"

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit, Option, Schema } from "effect"
import { Argument, CliConfig, CliError, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"

import type { Experiment, Picture } from "./Experiment.ts"
import { fastAndSlow } from "./fastAndSlow.ts"
import { LabError } from "./LabError.ts"

const experiments: ReadonlyArray<Experiment> = [fastAndSlow]

/** A wrong call, in one sentence. */
class Usage extends Schema.TaggedError<Usage>()("Usage", { message: Schema.String }) {}

const names = experiments.map(({ name }) => name).join(", ")

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })

const print = (document: unknown) => Console.log(JSON.stringify(document, null, 2))

const list = (json: boolean) =>
  json
    ? print(experiments.map(({ name, question, title }) => ({ name, title, question })))
    : Effect.forEach(
        experiments,
        ({ name, question, title }) =>
          Console.log(`${paint("bold", name)}  ${title}\n  ${question}`),
        { discard: true },
      )

const show = ({ lines, result }: Picture) =>
  Console.log(
    [
      "",
      paint("bold", result.title),
      result.question,
      "",
      ...lines,
      "",
      paint("bold", result.verdict),
      "",
      paint(
        "dim",
        `Measured with Node ${result.environment.node} on ${result.environment.cpu}, ${result.environment.cores} cores.`,
      ),
    ].join("\n"),
  )

const run = Effect.fnUntraced(function* (name: string, json: boolean) {
  const experiment = experiments.find((candidate) => candidate.name === name)
  if (experiment === undefined) {
    return yield* new Usage({ message: `there is no experiment ${name}; there is: ${names}` })
  }
  const picture = yield* experiment.run((text) => Console.error(`${name}: ${text}`))
  yield* json ? print(picture.result) : show(picture)
})

const command = Command.make(
  "experiment",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription(`Which experiment: ${names}`),
      Argument.optional,
    ),
    list: Flag.Boolean("list").pipe(
      Flag.withoutNegation,
      Flag.withDescription("List the experiments"),
      Flag.withDefault(false),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document and nothing else on stdout"),
      Flag.withDefault(false),
    ),
  },
  ({ json, list: listing, name }) => {
    if (listing) return list(json)
    if (Option.isSome(name)) return run(name.value, json)
    return Effect.fail(new Usage({ message: `name an experiment: ${names}` }))
  },
).pipe(
  Command.withDescription("Runs an experiment of the lab: real processes, real measurements."),
  Command.withExamples([
    { command: "npm run experiment fast-and-slow", description: "run one and draw its result" },
    {
      command: "npm run --silent experiment fast-and-slow -- --json",
      description: "the same as one JSON document",
    },
    { command: "npm run --silent experiment -- --list --json", description: "what there is" },
  ]),
)

/** Help on stdout when asked for; a wrong call is one sentence on stderr. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event),
}

/** The parser wraps what it has to say into a request for help. */
const sentence = (error: unknown): string => {
  if (CliError.isCliError(error) && error._tag === "ShowHelp") return sentence(error.errors[0])
  const message = error instanceof Error ? error.message : "this call is not complete"
  return message.split("\n", 1)[0] ?? message
}

const toCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return 130
  const error = Cause.squash(exit.cause)
  const isLab = error instanceof LabError
  process.stderr.write(`${sentence(error)}${isLab ? "" : " (--help shows how)"}\n`)
  return isLab ? 1 : 2
}

Command.runWith(command, { version: "0.0.0" })(process.argv.slice(2)).pipe(
  Effect.provideService(CliOutput.Presenter, presenter),
  Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns: [GlobalFlag.Help] })),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(toCode(exit)),
  }),
)
