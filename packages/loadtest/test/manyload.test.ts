import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer } from "@manycore/testkit"
import { Effect } from "effect"

import * as Report from "../src/Report.ts"
import { manyload, start } from "./fixtures/manyload.ts"

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
      assert.match(stdout, /^ {2}rate {7}[\d,]+ requests\/s$/m)
      for (const stat of ["min", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"]) {
        assert.include(stdout, `\n  ${stat.padEnd(10)}  `)
      }
      assert.match(stdout, /^ {2}statuses {3}500 × 200$/m)
      assert.match(stdout, /^ {2}errors {5}none$/m)
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
      assert.match(stdout, /^ {2}errors {5}5 status {2}such as: 500 Internal Server Error$/m)
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
      assert.match(
        stdout,
        /^ {2}errors {5}4 replyTimeout {2}such as: no complete answer within 0\.2 s$/m,
      )
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
        /^2 requests, none answered; 2 still unanswered at the end and in no latency; stopped early\.\n/,
      )
    }),
  )
})
