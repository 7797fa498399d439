/** The flags of `manyload`, by what they are about. What they mean is `toPlan`'s. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"

/** A flag with a text for a value, which may be left out. */
const text = (name: string, metavar: string, description: string, ...aliases: Array<string>) =>
  Flag.optional(described(Flag.String(name), metavar, description, aliases))

const int = (name: string, description: string, ...aliases: Array<string>) =>
  Flag.optional(described(Flag.Int(name), "n", description, aliases))

const repeated = (name: string, metavar: string, description: string, ...aliases: Array<string>) =>
  Flag.atLeast(described(Flag.String(name), metavar, description, aliases), 0)

const on = (name: string, description: string, ...aliases: Array<string>) =>
  Flag.Boolean(name).pipe(
    (flag) => aliases.reduce((self, alias) => Flag.withAlias(self, alias), flag),
    Flag.withoutNegation,
    Flag.withDescription(description),
    Flag.withDefault(false),
  )

const described = <A>(
  flag: Flag.Flag<A>,
  metavar: string,
  description: string,
  aliases: ReadonlyArray<string>,
): Flag.Flag<A> =>
  aliases
    .reduce((self, alias) => Flag.withAlias(self, alias), flag)
    .pipe(Flag.withMetavar(metavar), Flag.withDescription(description))

export const urls = Argument.String("url").pipe(
  Argument.withDescription(
    "The address to load; several share the requests evenly, or by weights: 3:http://a/ 1:http://b/",
  ),
  Argument.variadic(),
)

/** What is sent. */
const request = {
  method: text("method", "name", "GET (default; POST with a body), HEAD, POST, PUT, …", "m"),
  headers: repeated("header", "'name: value'", "Send this header; may be repeated", "H"),
  body: text("body", "text", "Send this body", "b"),
  bodyFile: text("body-file", "file", "Send the content of this file as body"),
  contentType: text("content-type", "type", "The type of the body", "T"),
  expectStatus: text("expect-status", "list", "Only these are ok: 200,404,3xx (default 2xx,3xx)"),
  expectBody: text("expect-body", "text", "Only answers that contain this text are ok"),
}

/** How the connections are. */
const wire = {
  connections: int(
    "connections",
    "Connections in total: 1 by default; with a rate, the most there may be (default 1000)",
    "c",
  ),
  noKeepAlive: on("no-keepalive", "Open a new connection for each request"),
  keepAlive: on("keepalive", "Keep connections (the default; accepted for ab's sake)", "k"),
  pipelining: int("pipelining", "Requests in flight on each connection (default 1)", "p"),
  timeout: text("timeout", "time", "Give up on a request after this time (default 10s)"),
  insecure: on("insecure", "Accept any TLS certificate"),
  cert: text("cert", "file", "TLS client certificate (PEM); with --key"),
  key: text("key", "file", "Key of the TLS client certificate (PEM)"),
  ca: text("ca", "file", "Trust this certificate authority (PEM)"),
  socket: text("socket", "path", "Connect to this unix socket instead"),
  threads: int("threads", "Generator threads, which share everything (default 1)", "w"),
}

/** How fast, apart from the rate itself. */
const pace = {
  arrivals: text("arrivals", "kind", "With a rate: constant (default) or poisson"),
  seed: int("seed", "With poisson: the seed of its randomness (default 1)"),
  pacing: text("pacing", "kind", "With a rate: sleeping (default), or precise, which spins a core"),
  warmup: text("warmup", "time", "Run so long before anything counts"),
}

/** What a run and a search have in common. */
export const plan = { ...request, ...wire, ...pace }

/** How much, how long, how fast. */
export const load = {
  requests: int("requests", "Send exactly so many requests in total", "n"),
  duration: text("duration", "time", "Send for so long: 10s, 500ms, 2m (default 10s)", "d"),
  grace: text("grace", "time", "Then wait so long for the last answers (default 1s)"),
  rate: text("rate", "n", "Requests per second in total, come what may: an open model", "R", "rps"),
  stages: text("stages", "list", "A ramp of rates: 30s:100,1m:1000 (each reached after its time)"),
  bail: int("bail", "End the run after so many failed requests"),
  thresholds: repeated(
    "threshold",
    "'p99 < 200ms'",
    "Exit with 1 unless this holds; may be repeated: 'failed < 1%', 'rate >= 99%'",
  ),
}

/** What is printed where. */
export const output = {
  json: on("json", "Print the report as one JSON document, alone on stdout"),
  csv: Flag.Literals("csv", ["summary", "series"]).pipe(
    Flag.withOptionalValue("summary"),
    Flag.withMetavar("what"),
    Flag.withDescription("Print CSV: the summary, or with --csv=series the course of the run"),
    Flag.optional,
  ),
  out: text(
    "out",
    "file",
    "Write the JSON (or CSV) to this file (- for stdout), and the summary to stdout",
  ),
  quiet: on("quiet", "No progress and no summary: documents, errors and the exit code", "q"),
  noProgress: on("no-progress", "No live screen and no progress lines"),
}

export const onPort = on(
  "on-port",
  "Start the server after --, wait for its port, stop it afterwards: --on-port -- node server.js",
)
