import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Census, Program } from "@manycore/testkit"
import { Effect } from "effect"

import * as Report from "../../src/Report.ts"
import * as TestServer from "../../src/TestServer.ts"
import { manyload, words } from "../fixtures/manyload.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "manyload-out-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

/** What a run printed as JSON. */
const report = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const { code, stderr, stdout } = yield* manyload(...args)
  assert.strictEqual(stderr, "")
  return { code, report: yield* Report.decode(JSON.parse(stdout)) }
})

describe("manyload, its outputs", () => {
  it.live("writes the document to a file, the summary to stdout", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const path = yield* folder
      const json = join(path, "report.json")
      const first = yield* manyload("-n", "7", "--out", json, url)
      assert.strictEqual(first.code, 0, first.stderr)
      assert.match(first.stdout, /^7 requests, all answered; /)
      const written = yield* Report.decode(JSON.parse(readFileSync(json, "utf8")))
      assert.strictEqual(written.requests.ok, 7)

      const csv = join(path, "report.csv")
      const second = yield* manyload("-n", "7", "--quiet", "--out", csv, url)
      assert.deepStrictEqual(second, { code: 0, stdout: "", stderr: "" })
      assert.match(readFileSync(csv, "utf8"), /^target,url,rate_asked,.*\nGET \/,http:.*,7,7,0,0,/)
    }),
  )

  it.live("prints CSV alone on stdout", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const summary = yield* manyload("-n", "5", "--csv", url)
      assert.match(summary.stdout, /^target,[^\n]*\nGET \/,[^\n]*\n$/)
      const series = yield* manyload("-n", "5", "--csv=series", url)
      assert.match(series.stdout, /^at_ms,span_ms,sent,answers,failed,p50_ms,p99_ms,max_ms\n0,/)
    }),
  )

  it.live("shows no password and no login, neither in words nor in JSON", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const secret = `${url.replace("http://", "http://user:s3cret@")}/`
      const login = "Authorization: Bearer s3cret"
      const words = yield* manyload("-n", "2", "-H", login, secret)
      const json = yield* manyload("-n", "2", "-H", login, "--json", secret)
      const csv = yield* manyload("-n", "2", "-H", login, "--csv", secret)
      for (const { code, stderr, stdout } of [words, json, csv]) {
        assert.strictEqual(code, 0)
        assert.include(stdout, "http://user:***@")
        assert.notInclude(stdout + stderr, "s3cret")
      }
    }),
  )

  it.live("exits with 1 when a threshold fails, and says which", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start({ latency: "20 millis" })
      const { code, stderr, stdout } = yield* manyload(
        "-n",
        "5",
        "--threshold",
        "p50 < 1ms",
        "--threshold",
        "failed < 1%",
        url,
      )
      assert.strictEqual(code, 1)
      assert.match(stderr, /^manyload: 1 of 2 thresholds failed: p50 < 1ms \(was [\d.]+ ms\)\n$/)
      assert.match(stdout, /^ {2}thresholds ✗ failed {2}p50 < 1ms {4}was [\d.]+ ms$/m)
      assert.match(stdout, /^ {13}✓ held {4}failed < 1% {2}was 0 %$/m)
    }),
  )

  it.live("exits with 1 after as many failures as --bail allows", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start({ statuses: { 500: 0.5 } })
      const { code, stderr } = yield* manyload("-d", "1h", "--bail", "3", url)
      assert.strictEqual(code, 1)
      assert.match(stderr, /manyload: gave up after \d+ failed requests\n$/)
    }),
  )

  it.live("writes plain lines where there is no terminal, none with --no-progress", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start({ latency: "5 millis" })
      const talkative = yield* manyload("-d", "2500ms", url)
      assert.match(
        talkative.stderr,
        /^ *\d+ % {2}\d+ s {2}[\d,]+ done {2}[\d,.]+ requests\/s {2}p99 [\d.]+ m?s {2}0 failed\n/,
      )
      const silent = yield* manyload("-d", "2500ms", "--no-progress", url)
      assert.strictEqual(silent.stderr, "")
      assert.notInclude(talkative.stdout + talkative.stderr, "\u001B")
    }),
  )
})

/** Runs a line of shell in which `"$0" "$@"` is the command. */
const shell = (line: string) =>
  Program.start({ command: "sh", args: ["-c", line, ...words], env: { NO_COLOR: "1" } })

describe("manyload, when its reader goes away", () => {
  it.live("goes on without anybody to read its progress", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start({ latency: "5 millis" })
      // The inner shell's exit code is the command's; `true` reads nothing of its stderr.
      const program = yield* shell(
        `{ { "$0" "$@" -d 2500ms --json ${server.url} 2>&3; echo "code $?" >&4; } 3>&1 >/dev/null | true; } 4>&1`,
      )
      yield* program.exit
      assert.include(program.stdout(), "code 0", program.diagnostics())
    }),
  )

  it.live("says nothing when nobody reads its report", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const server = yield* TestServer.start()
      const program = yield* shell(`"$0" "$@" -n 20 --json ${server.url} | true`)
      yield* program.exit
      assert.strictEqual(program.stderr(), "")
    }),
  )

  it.live("judges the run all the same", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start({ latency: "5 millis" })
      const program = yield* shell(
        `{ { "$0" "$@" -n 20 --json --threshold 'p50 < 1ms' ${server.url}; echo "code $?" >&3; } | true; } 3>&1`,
      )
      yield* program.exit
      assert.include(program.stdout(), "code 1", program.diagnostics())
      assert.match(program.stderr(), /^manyload: 1 of 1 threshold failed/)
    }),
  )

  it.live.skipIf(!existsSync("/dev/full"))("says that its report could not be written", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start()
      const program = yield* shell(`"$0" "$@" -n 20 ${server.url} > /dev/full`)
      assert.strictEqual((yield* program.exit).code, 3)
      assert.strictEqual(program.stderr(), "manyload: stdout cannot be written: the disk is full\n")
    }),
  )
})

describe("manyload, its loads", () => {
  it.live("keeps a rate, also by the name that loadtest gives it", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* TestServer.start()
      for (const flag of ["-R", "--rps"]) {
        const result = yield* report(flag, "50", "-n", "20", "-c", "5", "--json", url)
        assert.strictEqual(result.code, 0)
        assert.strictEqual(result.report.model, "open")
        assert.strictEqual(result.report.plan.rate, 50)
        assert.strictEqual(result.report.requests.ok, 20)
      }
    }),
  )

  it.live("sends bodies, checks answers, and shares requests by weight", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const body = yield* report("-n", "3", "-b", "--hello", "-T", "text/x", "--json", url)
      assert.strictEqual(body.report.plan.method, "POST")
      assert.strictEqual(body.report.plan.body, "--hello")
      assert.deepStrictEqual(body.report.plan.headers, { "Content-Type": "text/x" })

      const checked = yield* manyload("-n", "3", "--expect-body", "nothing of it", "--json", url)
      assert.strictEqual(checked.code, 1)
      const failed = yield* Report.decode(JSON.parse(checked.stdout))
      assert.strictEqual(failed.errors.check?.count, 3)

      const shared = yield* report("-n", "40", "--json", `3:${url}/a`, `1:${url}/b`)
      assert.deepStrictEqual(
        shared.report.routes.map(({ name, requests }) => [name, requests.sent]),
        [
          ["GET /a", 30],
          ["GET /b", 10],
        ],
      )
    }),
  )

  it.live("does as ab and artillery quick would", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.start()
      const ab = yield* manyload("ab", "-n", "20", "-c", "2", `${server.url}/`)
      assert.strictEqual(ab.code, 0, ab.stderr)
      assert.match(ab.stdout, /a new one for each request/)
      assert.strictEqual(server.counts().requests, 20)
      assert.strictEqual(server.counts().connections.accepted, 20)
      const quick = yield* manyload("-quick", "--count", "3", "-n", "4", `${server.url}/`)
      assert.match(quick.stdout, /^12 requests, all answered; /)
      assert.strictEqual(server.counts().connections.accepted, 23)
    }),
  )
})
