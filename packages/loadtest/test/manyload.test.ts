import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer, Program } from "@manycore/testkit"
import { Effect } from "effect"

import * as Report from "../src/Report.ts"

const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url))

const start = (args: ReadonlyArray<string>) =>
  Program.start({
    command: process.execPath,
    args: ["--conditions=@manycore/source", entry, ...args],
    env: { NO_COLOR: undefined, FORCE_COLOR: undefined },
  })

/** Runs the command to its end. */
const manyload = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const program = yield* start(args)
  const exit = yield* program.exit.pipe(
    Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () => Effect.die(new Error(`manyload does not end: ${program.diagnostics()}`)),
    }),
  )
  return { code: exit.code, stdout: program.stdout(), stderr: program.stderr() }
})

const server = FaultServer.make({
  routes: {
    "/fast": FaultServer.ok,
    "/never": FaultServer.silent,
    "/mixed": FaultServer.sequence(FaultServer.status(500), FaultServer.ok),
    "/500": FaultServer.status(500),
  },
})

describe("manyload", () => {
  it.live("prints rate, percentiles and errors, without colours or progress in a pipe", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { requests, url } = yield* server
      const { code, stderr, stdout } = yield* manyload("-n", "500", "-c", "50", `${url}/fast`)
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.strictEqual(requests(), 500)
      assert.match(stdout, /^500 requests, all answered; [\d,]+ requests\/s\.\n\n/)
      assert.match(stdout, /^ {2}rate {6}[\d,]+ requests\/s$/m)
      assert.match(stdout, /^ +min +p50 +p90 +p99 +max +mean$/m)
      assert.match(stdout, /^ {2}latency( +[\d.]+ m?s){6}$/m)
      assert.match(stdout, /^ {2}errors {4}none$/m)
      assert.notInclude(stdout, "\u001B")
    }),
  )

  it.live("prints the same as one JSON document, alone on stdout", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const { code, stderr, stdout } = yield* manyload("-n200", "-c20", "--json", `${url}/mixed`)
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      const report = yield* Report.decode(JSON.parse(stdout))
      assert.deepStrictEqual(report.requests, { sent: 200, ok: 199, failed: 1, inFlight: 0 })
      assert.deepStrictEqual(report.statuses, { 200: 199, 500: 1 })
      assert.deepStrictEqual(report.errors, {
        status: { count: 1, example: "500 Internal Server Error" },
      })
      assert.strictEqual(report.plan.connections, 20)
    }),
  )

  it.live("takes every flag of the plan", () =>
    Effect.gen(function* () {
      const { connections, url } = yield* server
      const { code, stdout } = yield* manyload(
        "--requests=9",
        "--connections",
        "3",
        "-d",
        "10s",
        "--no-keepalive",
        "--timeout=2s",
        "-m",
        "head",
        "-H",
        "X-A: 1",
        "--header",
        "x-a: 2",
        "--json",
        `${url}/fast`,
      )
      assert.strictEqual(code, 0)
      assert.strictEqual(connections().accepted, 9)
      const report = yield* Report.decode(JSON.parse(stdout))
      assert.deepInclude(Report.encode(report).plan, {
        url: `${url}/fast`,
        method: "HEAD",
        headers: { "X-A": ["1", "2"] },
        requests: 9,
        duration: "10 seconds",
        connections: 3,
        keepAlive: false,
        timeout: "2 seconds",
        grace: "1 seconds",
      })
    }),
  )

  it.live.each<[ReadonlyArray<string>, string]>([
    [[], "URL is missing: try manyload -n 500 -c 50 http://127.0.0.1:3000/fast"],
    [["nonsense"], 'URL must start with http:// or https://: try http://nonsense, got "nonsense"'],
    [["-c", "0", "http://a/"], "--connections must be a whole number from 1 to 65535, got 0"],
    [
      ["-n", "x", "http://a/"],
      '--requests must be a whole number, got "x" (manyload --help shows how)',
    ],
    [["http://a/", "-n"], "--requests needs a value (manyload --help shows how)"],
    [
      ["--conections", "5", "http://a/"],
      "--conections is not a flag of manyload: try --connections (manyload --help shows how)",
    ],
    [
      ["http://a/", "http://b/"],
      'URL must be one address, got also "http://b/" (manyload --help shows how)',
    ],
    [["-d", "soon", "http://a/"], '--duration must be a time such as 10s, 500ms or 2m, got "soon"'],
    [["-H", "x", "http://a/"], '--header must look like "Accept: text/plain", got "x"'],
    [
      ["-m", "BREW", "http://a/"],
      '--method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, got "BREW"',
    ],
  ])("answers wrong usage with one sentence and exit code 2: %j", ([args, sentence]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* manyload(...args), {
        code: 2,
        stdout: "",
        stderr: `manyload: ${sentence}\n`,
      })
    }),
  )

  it.live("says that a port refuses in one sentence, exit code 1", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      const url = `http://127.0.0.1:${port}/`
      const stderr = `manyload: 5 requests, none succeeded: 5 refused (connect ECONNREFUSED 127.0.0.1:${port}); gave up.\n`
      assert.deepStrictEqual(yield* manyload("-n", "500", "-c", "5", url), {
        code: 1,
        stdout: "",
        stderr,
      })
      const json = yield* manyload("-n", "500", "-c", "5", "--json", url)
      assert.strictEqual(json.code, 1)
      assert.strictEqual(json.stderr, stderr)
      assert.strictEqual((yield* Report.decode(JSON.parse(json.stdout))).ended, "unreachable")
    }),
  )

  it.live("exits with 1 when every request failed, and shows the summary", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const { code, stderr, stdout } = yield* manyload("-n", "5", `${url}/500`)
      assert.strictEqual(code, 1)
      assert.match(stderr, /^manyload: 5 requests, none succeeded: 5 status \(500 [^\n]+\n$/)
      assert.match(stdout, /^ {2}errors {4}5 status {5}such as: 500 Internal Server Error$/m)
    }),
  )

  it.live("ends although the server never answers, and says timeout", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* server
      const { code, stdout } = yield* manyload(
        "-n",
        "4",
        "-c",
        "2",
        "--timeout",
        "200ms",
        `${url}/never`,
      )
      assert.strictEqual(code, 1)
      assert.match(stdout, /^ {2}errors {4}4 replyTimeout {2}no complete answer within 0\.2 s$/m)
    }),
  )

  it.live.each(["SIGINT", "SIGTERM"] as const)("reports on %s and exits with 130", (signal) =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { requests, url } = yield* server
      const program = yield* start(["-d", "1h", "-c", "3", "--json", `${url}/fast`])
      yield* Condition.until("requests arrive", () => requests() > 10, {
        deadline: "10 seconds",
        state: program.diagnostics,
      })
      yield* program.signal(signal)
      const exit = yield* program.exit
      assert.deepStrictEqual(exit, { code: 130, signal: null }, program.diagnostics())
      const report = yield* Report.decode(JSON.parse(program.stdout()))
      assert.strictEqual(report.ended, "stopped")
      assert.isAtLeast(report.requests.ok, 10)
      assert.strictEqual(program.stderr(), "")
    }),
  )

  it.live("does not wait for answers that never come after Ctrl-C", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server
      const program = yield* start(["-d", "1h", "--timeout", "1h", "-c", "2", `${url}/never`])
      yield* Condition.until("requests arrive", () => requests() === 2, {
        deadline: "10 seconds",
        state: program.diagnostics,
      })
      yield* program.signal("SIGINT")
      assert.strictEqual((yield* program.exit).code, 130)
      assert.match(
        program.stdout(),
        /^2 requests, 0 answered; 2 still unanswered at the end and in no latency; stopped early\.\n/,
      )
    }),
  )

  it.live("explains itself, with examples, on stdout", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* manyload("--help")
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "manyload -n 500 -c 50 http://127.0.0.1:3000/fast")
      for (const flag of ["-n", "-c", "-d", "-m", "-H", "--no-keepalive", "--timeout", "--json"]) {
        assert.include(stdout, flag)
      }
      assert.notInclude(stdout, "\u001B")
    }),
  )

  it.live("tells its version", () =>
    Effect.gen(function* () {
      assert.match((yield* manyload("--version")).stdout, /^manyload v\d+\.\d+\.\d+/)
    }),
  )
})
