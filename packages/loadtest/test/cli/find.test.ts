import { assert, describe, it } from "@effect/vitest"
import { Census, Condition, FaultServer } from "@manycore/testkit"
import { Effect, Option, Result } from "effect"

import * as FindCommand from "../../src/cli/find.ts"
import * as Rates from "../../src/cli/render/Rates.ts"
import * as Find from "../../src/Find.ts"
import * as TestServer from "../../src/TestServer.ts"
import { manyload, start } from "../fixtures/manyload.ts"
import { latency, plan } from "../fixtures/reports.ts"

const none = Option.none()
const nothing = { p50: none, p90: none, p95: none, p99: none, p999: none, thresholds: [] }

const probe = (rate: number, held: boolean): Find.Probe => ({
  rate,
  held,
  delivered: rate * 0.99,
  requests: { sent: rate, ok: rate, failed: 0, inFlight: 0 },
  latency,
  broken: held ? [] : ["p99 < 200ms"],
  warnings: [],
})

const report: Find.FindReport = {
  version: 1,
  plan: plan({ url: "http://127.0.0.1:3000/", rate: 100 }),
  rate: 400,
  ended: "found",
  thresholds: ["p99 < 200ms", "failed < 1%"],
  probes: [probe(400, true), probe(800, false)],
}

describe("find", () => {
  it("makes thresholds of its flags", () => {
    assert.deepStrictEqual(
      FindCommand.thresholds({
        ...nothing,
        p50: Option.some("1"),
        p99: Option.some("200ms"),
        p999: Option.some("1s"),
        thresholds: ["failed < 2%"],
      }),
      Result.succeed(["failed < 2%", "p50 < 1s", "p99 < 200ms", "p99.9 < 1s"]),
    )
    assert.deepStrictEqual(
      FindCommand.thresholds(nothing),
      Result.fail("find needs to know what must hold: try --p99 200ms"),
    )
  })

  it("shows what it tried, slowest first, and what it found", () => {
    assert.strictEqual(
      Rates.render({ ...report, probes: report.probes.toReversed() }, false),
      `400 requests/s held (p99 < 200ms, failed < 1%), 800 did not; in 2 tries.

  target     GET http://127.0.0.1:3000/
  must hold  p99 < 200ms, failed < 1%

  rate   delivered   failed       p50       p90      p99      max
  400          396        0   2.50 ms   12.3 ms   1.23 s   1m 01s   held
  800          792        0   2.50 ms   12.3 ms   1.23 s   1m 01s   failed: p99 < 200ms
`,
    )
    assert.strictEqual(
      Rates.line(probe(800, false)),
      "800 requests/s  p99 1.23 s  failed: p99 < 200ms",
    )
    assert.strictEqual(
      Rates.line({
        ...probe(5, false),
        latency: null,
        requests: { sent: 5, ok: 0, failed: 5, inFlight: 0 },
      }),
      "5 requests/s  nothing answered",
    )
  })

  it.live("prints the report alone as JSON, each try on stderr", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* TestServer.start()
      const { code, stderr, stdout } = yield* manyload(
        "find",
        "--p99",
        "5s",
        // A loaded machine may be late.
        "--threshold",
        "rate >= 10%",
        "--probe",
        "500ms",
        "--warmup",
        "0",
        "--from",
        "50",
        "--max-rate",
        "100",
        "--json",
        url,
      )
      assert.strictEqual(code, 0, stderr)
      const found = yield* Find.decode(JSON.parse(stdout))
      assert.deepStrictEqual([found.rate, found.ended], [100, "max"])
      assert.match(stderr, /^50 requests\/s {2}p99 .* held\n100 requests\/s {2}p99 .* held\n$/)
    }),
  )

  it.live("warms up for a second unless it is told for how long", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const search = ["find", "--p99", "5s", "--probe", "500ms", "--from", "50", "--max-rate", "50"]
      for (const [flags, expected] of [
        [[], "1 seconds"],
        [["--warmup", "0"], "0 millis"],
      ] as const) {
        const { stdout } = yield* manyload(...search, ...flags, "--json", "--quiet", url)
        const found = yield* Find.decode(JSON.parse(stdout))
        assert.strictEqual(Find.encode(found).plan.warmup, expected)
      }
    }),
  )

  it.live("exits with 1 when no rate holds, with 2 when it is not told what must hold", () =>
    Effect.gen(function* () {
      const port = yield* FaultServer.refusedPort
      const url = `http://127.0.0.1:${port}/`
      const refused = yield* manyload("find", "--p99", "1s", "--warmup", "0", "--quiet", url)
      assert.strictEqual(refused.code, 1)
      assert.strictEqual(refused.stdout, "")
      assert.match(refused.stderr, /^manyload: Nothing answered; no rate held \(.*\)\.\n$/)
      assert.deepStrictEqual(yield* manyload("find", url), {
        code: 2,
        stdout: "",
        stderr: "manyload: find needs to know what must hold: try --p99 200ms\n",
      })
    }),
  )

  it.live("says after Ctrl-C what it knows, and exits with 130", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start()
      const program = yield* start(["find", "--p99", "5s", "--probe", "1h", server.url])
      yield* Condition.until("requests arrive", () => server.counts().requests > 3, {
        deadline: "20 seconds",
        state: program.diagnostics,
      })
      yield* program.signal("SIGINT")
      assert.strictEqual((yield* program.exit).code, 130, program.diagnostics())
      assert.match(program.stdout(), /^Stopped early; no rate had held yet/)
    }),
  )
})
