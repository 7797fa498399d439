/** `manyload URL`: makes a plan of its flags, runs it, prints the report. */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"

import * as LastWords from "../internal/server/lastWords.ts"
import * as LoadTest from "../LoadTest.ts"
import * as Plan from "../Plan.ts"
import type * as Report from "../Report.ts"
import * as Document from "./document.ts"
import { broken, codes, Failed, usage } from "./exit.ts"
import * as Explain from "./explain.ts"
import * as Io from "./io.ts"
import * as Live from "./live.ts"
import * as Summary from "./render/Summary.ts"
import * as ToPlan from "./toPlan.ts"

/** Where the file flags of a plan point to. */
export interface FileFlags {
  readonly bodyFile: Option.Option<string>
  readonly cert: Option.Option<string>
  readonly key: Option.Option<string>
  readonly ca: Option.Option<string>
}

export interface Input extends ToPlan.Input, ToPlan.Load, FileFlags, Document.Output {
  readonly onPort: boolean
}

/** Fails with exit code 2 and the sentence of a result. */
export const orUsage = <A>(result: Result.Result<A, string>): Effect.Effect<A, Failed> =>
  Effect.mapError(Effect.fromResult(result), usage)

const text = (flag: string, file: Option.Option<string>) =>
  Effect.map(Io.readOptional(flag, file), (bytes) =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes),
  )

export const files = Effect.fnUntraced(function* (input: FileFlags) {
  return {
    body: yield* Io.readOptional("--body-file", input.bodyFile),
    cert: yield* text("--cert", input.cert),
    key: yield* text("--key", input.key),
    ca: yield* text("--ca", input.ca),
  }
})

export const checked = (plan: ToPlan.Unchecked): Effect.Effect<Plan.Plan, Failed> =>
  Effect.mapError(Plan.decode(ToPlan.compact(plan)), (problem) => usage(Explain.plan(problem)))

/** A plan that is wrong is bad usage, anything else could not be run. */
export const fromLoadTest = ({ message, reason }: LoadTest.LoadTestError): Failed =>
  reason._tag === "InvalidPlan" ? usage(Explain.plan(reason)) : broken(message)

/** A path is one of the server that was started. */
const onOrigin = (origin: string, urls: ReadonlyArray<string>): ReadonlyArray<string> =>
  urls.length === 0
    ? [`${origin}/`]
    : urls.map((given) => given.replace(/^(\d+:)?\//, `$1${origin}/`))

/** Where a server must listen that is asked by whole addresses; `undefined` for paths alone. */
const addressOf = (
  urls: ReadonlyArray<string>,
): { readonly host: string; readonly port: number } | undefined => {
  const given = urls.map((one) => ToPlan.target(one).url).find((one) => URL.canParse(one))
  if (given === undefined) return undefined
  const { hostname, port, protocol } = new URL(given)
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  }
}

type Interrupted = Deferred.Deferred<void>

/** Fails with 130 when the signal comes before `effect` is done. */
const unlessInterrupted =
  (interrupted: Interrupted) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Failed, R> =>
    Effect.raceFirst(
      effect,
      Effect.andThen(
        Deferred.await(interrupted),
        Effect.fail(new Failed({ code: codes.interrupted })),
      ),
    )

/** Says why nothing happens, when a server takes its time. */
const announceWait = Effect.sync(() =>
  process.stderr.write("waiting for the server to listen\n"),
).pipe(Effect.delay("2 seconds"))

/** Starts the server of `--on-port`, and says afterwards when it did not last. */
const server = Effect.fnUntraced(function* (
  urls: ReadonlyArray<string>,
  command: ReadonlyArray<string>,
  progress: boolean,
  interrupted: Interrupted,
) {
  const [program, ...args] = command
  if (program === undefined) {
    return yield* usage("--on-port needs a server: --on-port -- node server.js")
  }
  // Loaded only when it is called for: a run is to begin soon.
  const ServerProcess = yield* Effect.promise(() => import("../ServerProcess.ts"))
  const patience = yield* Effect.forkScoped(progress ? announceWait : Effect.void)
  const started = yield* ServerProcess.start({
    command: [program, ...args],
    address: addressOf(urls),
  }).pipe(
    Effect.mapError((error) => broken(error.message)),
    unlessInterrupted(interrupted),
  )
  yield* Fiber.interrupt(patience)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      const exit = started.exited()
      if (exit === undefined) return
      Io.complain(
        `the server ended ${ServerProcess.describeExit(exit)} during the run${LastWords.of(started.output())}`,
      )
    }),
  )
  return started
})

const measure = Effect.fnUntraced(function* (
  plan: Plan.Plan,
  progress: boolean,
  interrupted: Interrupted,
) {
  const run = yield* LoadTest.start(plan).pipe(Effect.mapError(fromLoadTest))
  yield* Deferred.await(interrupted).pipe(Effect.andThen(run.stop), Effect.forkScoped)
  const live = yield* Effect.forkScoped(progress ? Live.run(process.stderr, run) : Effect.never)
  const report = yield* Effect.mapError(run.report, fromLoadTest)
  yield* Fiber.interrupt(live)
  return report
}, Effect.scoped)

const deliver = Effect.fnUntraced(function* (
  report: Report.Report,
  { document, summary }: Document.Destinations,
) {
  if (document !== undefined) {
    const text = Document.write(document.format, report)
    yield* document.file === undefined ? Io.print(text) : Io.write(document.file, text)
  }
  // When nobody is there, one sentence on stderr is all there is to say.
  if (summary && (report.ended !== "unreachable" || report.requests.ok > 0)) {
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    yield* Io.print(Summary.render(report, canColor))
  }
})

const placeholder = "http://127.0.0.1:1"

/** The handler of the command; `command` is what follows `--`. */
export const handle = Effect.fnUntraced(function* (
  input: Input,
  command: ReadonlyArray<string> | undefined,
) {
  if (command !== undefined && !input.onPort) {
    return yield* usage("a server after -- needs --on-port: manyload --on-port -- node server.js")
  }
  const destinations = Document.destinations(input)
  if (typeof destinations === "string") return yield* usage(destinations)
  const content = yield* files(input)
  const planOf = (urls: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const request = yield* orUsage(ToPlan.request({ ...input, urls }, content))
      const load = yield* orUsage(ToPlan.load(input))
      return yield* checked({ ...request, ...load })
    })
  // What is wrong with a call is said before a server is started for it.
  const first = yield* planOf(input.onPort ? onOrigin(placeholder, input.urls) : input.urls)
  const file = destinations.document?.file
  if (file !== undefined) yield* Io.writable("--out", file)

  const interrupted = yield* Io.interruption
  const plan = input.onPort
    ? yield* Effect.flatMap(
        server(input.urls, command ?? [], destinations.progress, interrupted),
        ({ origin }) => planOf(onOrigin(origin, input.urls)),
      )
    : first
  const report = yield* measure(plan, destinations.progress, interrupted)
  yield* deliver(report, destinations)
  if (yield* Deferred.isDone(interrupted)) return yield* new Failed({ code: codes.interrupted })
  const failure = Document.failure(report)
  if (failure !== undefined) return yield* new Failed({ code: codes.failed, sentence: failure })
}, Effect.scoped)
