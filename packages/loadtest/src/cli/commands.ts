/** The commands of `manyload`: flags, help, examples. What they do is in a file for each. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"

import * as Flags from "./flags.ts"
import * as Run from "./run.ts"

const optional = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
  )

const repeated = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.atLeast(0),
  )

const serve = Command.make(
  "serve",
  {
    host: Flag.String("host").pipe(
      Flag.withMetavar("address"),
      Flag.withDescription("Listen on this address (default 127.0.0.1)"),
      Flag.withDefault("127.0.0.1"),
    ),
    port: Flag.Int("port").pipe(
      Flag.withAlias("p"),
      Flag.withMetavar("n"),
      Flag.withDescription("Listen on this port (default 3000; 0 takes a free one)"),
      Flag.withDefault(3000),
    ),
    latency: optional("latency", "time", "Hold each request so long: 20ms, or evenly 10ms-50ms"),
    slow: optional("slow", "share:time", "Hold this share of the requests so long: 1%:2s"),
    status: repeated("status", "code", "Answer with this status; 503:5% for a share"),
    size: optional("size", "bytes", "Send a body of so many bytes: 512, 10k (default 2)"),
    framing: optional("framing", "kind", "How a body ends: length (default), chunked or close"),
    faults: repeated(
      "fault",
      "kind:share",
      "reset, truncate, close, hang, malformed or drip, for a share: reset:1%",
    ),
    stall: optional("stall", "time/time", "Stand still: 1s/10s for a second in each ten"),
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withMetavar("n"),
      Flag.withDescription("Work on so many requests at a time, the others wait in line"),
      Flag.optional,
    ),
  },
  // Loaded only when it is called: a run is to begin soon.
  (input) =>
    Effect.flatMap(
      Effect.promise(() => import("./serve.ts")),
      (Serve) => Serve.handle(input),
    ),
).pipe(
  Command.withDescription(
    "Serves a small test server. A request may choose its own answer: /?latency=100ms&status=503&size=1k&framing=chunked&fault=reset",
  ),
  Command.withShortDescription("Serve a small test server with chosen latency, status and faults"),
  Command.withExamples([
    {
      command: "manyload serve --latency 20ms --stall 1s/10s",
      description: "20 ms for each answer, and a second of silence in each ten",
    },
    {
      command: "manyload serve --port 8080 --status 503:5% --fault reset:1%,hang:0.1%",
      description: "one answer in twenty is a 503, one in a hundred is cut off",
    },
  ]),
)

const percentile = (name: string) =>
  optional(name, "time", `${name === "p999" ? "p99.9" : name} must stay below this time: 200ms`)

const find = Command.make(
  "find",
  {
    urls: Flags.urls,
    p50: percentile("p50"),
    p90: percentile("p90"),
    p95: percentile("p95"),
    p99: percentile("p99"),
    p999: percentile("p999"),
    thresholds: Flags.load.thresholds,
    probe: optional("probe", "time", "Try each rate for so long (default 5s)"),
    from: optional("from", "n", "Try this rate first (default 100)"),
    minRate: optional("min-rate", "n", "Try none below this rate (default 1)"),
    maxRate: optional("max-rate", "n", "Try none above this rate (default 1000k)"),
    precision: optional("precision", "share", "How close to come (default 5%)"),
    ...Flags.plan,
    json: Flags.output.json,
    out: Flags.output.out,
    quiet: Flags.output.quiet,
    noProgress: Flags.output.noProgress,
  },
  (input) =>
    Effect.flatMap(
      Effect.promise(() => import("./find.ts")),
      (Find) => Find.handle(input),
    ),
).pipe(
  Command.withDescription(
    "Finds the highest rate at which thresholds hold: doubles the rate while they do, then closes in between the last that held and the first that failed. A rate fails when it fails twice. Unless thresholds speak of them, less than 1% may fail and 98% of the rate must be delivered.",
  ),
  Command.withShortDescription("Find the highest rate at which thresholds hold"),
  Command.withExamples([
    {
      command: "manyload find --p99 200ms http://127.0.0.1:3000/",
      description: "the highest rate with 99 of 100 answers below 200 ms",
    },
    {
      command:
        "manyload find --p99 50ms --threshold 'failed < 0.1%' --probe 30s --json http://127.0.0.1:3000/",
      description: "each rate for 30 seconds, all that was tried as JSON",
    },
  ]),
)

/** `command` is what follows `--` on the command line. */
export const manyload = (command: ReadonlyArray<string> | undefined) =>
  Command.make(
    "manyload",
    { urls: Flags.urls, ...Flags.load, ...Flags.plan, ...Flags.output, onPort: Flags.onPort },
    (input) => Run.handle(input, command),
  ).pipe(
    Command.withSubcommands([find, serve]),
    Command.withDescription(
      "Loads an HTTP server and tells the truth about it. Takes the habits of other tools: manyload ab … reads ab's flags, manyload quick … those of artillery quick. Exit codes: 0 all is well, 1 a threshold failed or nothing succeeded, 2 bad usage, 3 could not run, 130 interrupted.",
    ),
    Command.withExamples([
      {
        command: "manyload -n 500 -c 50 http://127.0.0.1:3000/fast",
        description: "500 requests over 50 connections, as fast as they can",
      },
      {
        command: "manyload -R 200 -d 30s --threshold 'p99 < 200ms' http://127.0.0.1:3000/",
        description: "200 requests each second; exit code 1 when p99 is not below 200 ms",
      },
      {
        command:
          "manyload --stages 30s:100,1m:1000 --json --out report.json http://127.0.0.1:3000/",
        description: "a ramp of rates, the report as JSON in a file",
      },
      {
        command: "manyload -n 10000 -c 20 --on-port /fast -- node server.js",
        description: "starts the server, loads its /fast, stops it",
      },
      {
        command: "manyload ab -n 1000 -c 10 -k http://127.0.0.1:3000/",
        description: "as ab would do it",
      },
      {
        command: "manyload quick --count 10 -n 20 http://127.0.0.1:3000/",
        description: "as artillery quick would do it: 10 users, 20 requests each",
      },
    ]),
  )
