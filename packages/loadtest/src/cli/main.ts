#!/usr/bin/env node
/**
 * The command `manyload`: reads its arguments, calls `LoadTest.start`, prints the report.
 *
 * The report goes to stdout, alone; progress and errors go to stderr, an error in one sentence.
 *
 * How it stops: SIGINT or SIGTERM ends the run as its duration would, the report is printed, the
 * exit code is 130. A second signal finds no listener and kills the process.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Cause,
  Console,
  Deferred,
  Effect,
  Exit,
  Option,
  type Result,
  Runtime,
  Schema,
} from "effect"
import {
  Argument,
  CliConfig,
  type CliError,
  CliOutput,
  Command,
  Flag,
  GlobalFlag,
  TerminalCapabilities,
} from "effect/cli"

import { version } from "../internal/Environment.ts"
import * as LoadTest from "../LoadTest.ts"
import * as Plan from "../Plan.ts"
import * as Report from "../Report.ts"
import * as Arguments from "./Arguments.ts"
import * as Summary from "./Summary.ts"

/** See the README. */
const codes = { ok: 0, failed: 1, usage: 2, broken: 3, interrupted: 130 }

/** Ends the process with `code`, after `sentence` on stderr. */
class Failed extends Schema.TaggedError<Failed>()("Failed", {
  code: Schema.Int,
  sentence: Schema.optionalKey(Schema.String),
}) {}

const usage = (sentence: string) => new Failed({ code: codes.usage, sentence })

const parsed = <A>(result: Result.Result<A, string>): Effect.Effect<A, Failed> =>
  Effect.mapError(Effect.fromResult(result), usage)

/** Completes with the first SIGINT or SIGTERM. */
const interruption = Effect.callback<void>((resume) => {
  const signals = ["SIGINT", "SIGTERM"] as const
  const remove = () => {
    for (const signal of signals) process.removeListener(signal, onSignal)
  }
  const onSignal = () => {
    remove()
    resume(Effect.void)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return Effect.sync(remove)
})

const write = (text: string) => Effect.sync(() => process.stderr.write(text))

/** A line that rewrites itself on a terminal; elsewhere a plain line now and then. */
const showProgress = (run: LoadTest.Run) => {
  const line = Effect.map(run.snapshot, (now) => Summary.progress(run.plan, now))
  if (!process.stderr.isTTY || process.env["TERM"] === "dumb") {
    return Effect.flatMap(line, (text) => Console.error(text)).pipe(
      Effect.delay("10 seconds"),
      Effect.forever,
    )
  }
  return line.pipe(
    Effect.flatMap((text) =>
      write(`\r\u001B[K${text.slice(0, (process.stderr.columns || 80) - 1)}`),
    ),
    Effect.delay("200 millis"),
    Effect.forever,
    Effect.ensuring(write("\r\u001B[K")),
  )
}

/** Writes to stdout and waits until it is written. */
const print = (text: string) =>
  Effect.callback<void>((resume) => {
    process.stdout.write(text, () => resume(Effect.void))
  })

const load = Effect.fnUntraced(function* (given: unknown, json: boolean) {
  const plan = yield* Plan.decode(given).pipe(
    Effect.mapError((problem) => usage(Arguments.explain(problem))),
  )
  const run = yield* LoadTest.start(plan).pipe(Effect.mapError((error) => usage(error.message)))
  const interrupted = yield* Deferred.make<void>()
  yield* interruption.pipe(
    Effect.andThen(Deferred.succeed(interrupted, undefined)),
    Effect.andThen(run.stop),
    Effect.forkScoped,
  )
  const progress = yield* Effect.forkScoped(showProgress(run))
  const report = yield* run.report.pipe(
    Effect.mapError((error) => new Failed({ code: codes.broken, sentence: error.message })),
  )
  yield* Effect.sync(() => progress.interruptUnsafe())

  if (json) {
    yield* print(`${JSON.stringify(Report.encode(report), null, 2)}\n`)
  } else if (report.ended !== "unreachable") {
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    yield* print(Summary.render(report, canColor))
  }
  if (yield* Deferred.isDone(interrupted)) return yield* new Failed({ code: codes.interrupted })
  if (report.requests.ok === 0) {
    return yield* new Failed({ code: codes.failed, sentence: Report.headline(report) })
  }
}, Effect.scoped)

const manyload = Command.make(
  "manyload",
  {
    url: Argument.String("url").pipe(
      Argument.withDescription("The address to load, such as http://127.0.0.1:3000/fast"),
      Argument.optional,
    ),
    requests: Flag.Int("requests").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("Send exactly so many requests in total"),
      Flag.optional,
    ),
    connections: Flag.Int("connections").pipe(
      Flag.withAlias("c"),
      Flag.withDescription("Hold so many connections, each with one request at a time (default 1)"),
      Flag.optional,
    ),
    duration: Flag.String("duration").pipe(
      Flag.withAlias("d"),
      Flag.withMetavar("time"),
      Flag.withDescription("Send for so long: 10s, 500ms, 2m (default 10s, without -n)"),
      Flag.optional,
    ),
    noKeepAlive: Flag.Boolean("no-keepalive").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Open a new connection for each request"),
      Flag.withDefault(false),
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withMetavar("time"),
      Flag.withDescription("Give up on a request after this time (default 10s)"),
      Flag.optional,
    ),
    method: Flag.String("method").pipe(
      Flag.withAlias("m"),
      Flag.withMetavar("name"),
      Flag.withDescription("GET (default), HEAD, POST, PUT, PATCH, DELETE or OPTIONS"),
      Flag.optional,
    ),
    headers: Flag.String("header").pipe(
      Flag.withAlias("H"),
      Flag.withMetavar("'name: value'"),
      Flag.withDescription("Send this header; may be given several times"),
      Flag.atLeast(0),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print the report as one JSON document"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* (input) {
    if (Option.isNone(input.url)) {
      return yield* usage("URL is missing: try manyload -n 500 -c 50 http://127.0.0.1:3000/fast")
    }
    const headers = yield* parsed(Arguments.parseHeaders(input.headers))
    const time = (flag: string, given: Option.Option<string>) =>
      Option.isNone(given) ? Effect.undefined : parsed(Arguments.parseTime(flag, given.value))
    yield* load(
      {
        url: input.url.value,
        method: Option.getOrUndefined(input.method)?.toUpperCase(),
        headers,
        requests: Option.getOrUndefined(input.requests),
        connections: Option.getOrUndefined(input.connections),
        duration: yield* time("--duration", input.duration),
        timeout: yield* time("--timeout", input.timeout),
        keepAlive: !input.noKeepAlive,
      },
      input.json,
    )
  }),
).pipe(
  Command.withDescription(
    "Loads an HTTP server and tells the truth about it. Exit codes: 0 at least one request succeeded, 1 none did, 2 bad usage, 3 could not run, 130 interrupted.",
  ),
  Command.withExamples([
    {
      command: "manyload -n 500 -c 50 http://127.0.0.1:3000/fast",
      description: "500 requests over 50 connections",
    },
    {
      command: "manyload -d 30s -c 10 --json http://127.0.0.1:3000/ > report.json",
      description: "30 seconds over 10 connections, the report as JSON",
    },
    {
      command: "manyload -d 5s --no-keepalive -H 'Accept: text/plain' http://127.0.0.1:3000/",
      description: "5 seconds, a new connection and a header with each request",
    },
  ]),
)

/** Help on stdout when asked for; a wrong call is one sentence on stderr, which `toFailed` makes. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event),
}

const toFailed = (error: Failed | CliError.CliError): Failed =>
  error._tag === "Failed"
    ? error
    : usage(`${Arguments.explainParser(error)} (manyload --help shows how)`)

const main = Command.runWith(manyload, { version })(
  Arguments.splitAttached(process.argv.slice(2)),
).pipe(
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
    if (failed.sentence !== undefined) process.stderr.write(`manyload: ${failed.sentence}\n`)
    return failed.code
  }
  const defect: unknown = Cause.squash(exit.cause)
  const reason = defect instanceof Error ? defect.message : String(defect)
  process.stderr.write(`manyload: could not run: ${reason.split("\n", 1)[0]}\n`)
  return codes.broken
}

// A reader that goes away, such as head, has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? codes.ok : codes.broken)
})

// Not NodeRuntime's: there a signal interrupts the program, here it asks for the report.
const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  fiber.addObserver((exit) =>
    teardown(exit, (code) => {
      process.exitCode = code
    }),
  )
})

runMain(main, {
  disableErrorReporting: true,
  teardown: (exit, onExit) => onExit(toCode(exit)),
})
