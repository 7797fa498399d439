/* oxlint-disable vitest/no-standalone-expect -- it.live is not known to be a test */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, expect, it } from "@effect/vitest"
import { Report } from "@manycore/loadtest"
import { matchers } from "@manycore/loadtest/vitest"
import { Census, FaultServer, Program } from "@manycore/testkit"
import { Effect } from "effect"

import { asFastAsItCan } from "../../examples/load-testing/closed.ts"
import { highestRate } from "../../examples/load-testing/find.ts"
import { atARate, ramp } from "../../examples/load-testing/open.ts"
import { measure } from "../../examples/load-testing/promise.ts"
import { watch } from "../../examples/load-testing/watch.ts"

const server = FaultServer.make({
  routes: {
    "/": FaultServer.ok,
    "/fast": FaultServer.ok,
    "/broken": FaultServer.status(500),
  },
})

it.live("as fast as it can: every request is answered", () =>
  Effect.gen(function* () {
    yield* Census.guard()
    const { url } = yield* server
    const report = yield* asFastAsItCan(`${url}/`)
    assert.deepStrictEqual(report.requests, { sent: 1000, ok: 1000, failed: 0, inFlight: 0 })
  }),
)

it.live(
  "at a rate: exactly as many requests as the schedule holds, and a verdict on each threshold",
  () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const report = yield* atARate(`${url}/`)
      assert.strictEqual(report.model, "open")
      assert.strictEqual(report.requests.sent, 400)
      assert.strictEqual(report.thresholds.length, 3)
    }),
)

it.live("a ramp sends to each target its share", () =>
  Effect.gen(function* () {
    const { url } = yield* server
    const report = yield* ramp(url)
    const [fast, slow] = report.routes
    assert.strictEqual(slow?.name, "the slow one")
    assert.approximately((fast?.requests.sent ?? 0) / report.requests.sent, 0.9, 0.02)
  }),
)

it.live("watching ends with the run, which ends after a hundred failures", () =>
  Effect.gen(function* () {
    const { url } = yield* server
    const report = yield* watch(`${url}/broken`)
    assert.strictEqual(report.ended, "bail")
    assert.strictEqual(report.requests.failed, 100)
  }),
)

it.live("promises do the same", () =>
  Effect.gen(function* () {
    const { url } = yield* server
    const sentence = yield* Effect.promise(() => measure(`${url}/`))
    assert.match(sentence, /^100 of 100 were answered, half of them within [\d.]+ ms$/)
  }),
)

it.live("a search tries rates, and answers with one of them or none", () =>
  Effect.gen(function* () {
    const { url } = yield* server
    const found = yield* highestRate(`${url}/`)
    assert.isAbove(found.probes.length, 0)
    assert.isAtMost(found.rate ?? 0, 400)
  }),
)

const commands = new URL("../../examples/load-testing/command.sh", import.meta.url)
const command = new URL("../../../../packages/loadtest/src/cli/main.ts", import.meta.url)

it.live("the commands of the page do what they say, line by line", () =>
  Effect.gen(function* () {
    yield* Census.guard()
    const { requests, url } = yield* server
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "load-testing-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true })),
    )
    const lines = readFileSync(commands, "utf8").replaceAll("http://127.0.0.1:3000", url)
    const manyload = `manyload() { "${process.execPath}" --conditions=@manycore/source "${fileURLToPath(command)}" "$@"; }`
    const program = yield* Program.start({
      command: "sh",
      args: ["-ec", `cd "${folder}"\n${manyload}\n${lines}`],
    })
    assert.strictEqual((yield* program.exit).code, 0, program.diagnostics())
    assert.strictEqual(requests("/fast"), 500 + 400 + 90 + 100)
    assert.strictEqual(requests("/"), 10)
    const report = yield* Report.decode(
      JSON.parse(readFileSync(join(folder, "report.json"), "utf8")),
    )
    assert.deepStrictEqual(report.requests, { sent: 100, ok: 100, failed: 0, inFlight: 0 })
  }),
)

// #region budget
expect.extend(matchers)

it.live("the page answers in time", () =>
  Effect.gen(function* () {
    const { url } = yield* server
    expect(yield* asFastAsItCan(`${url}/`)).toMeet("p99 < 10s", "failed <= 0")
  }),
)
// #endregion
