import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { Effect, Schema } from "effect"

import { External, Program } from "../src/index.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({
    testResults: Schema.Array(
      Schema.Struct({
        assertionResults: Schema.Array(
          Schema.Struct({
            title: Schema.String,
            status: Schema.String,
            failureMessages: Schema.Array(Schema.String),
          }),
        ),
      }),
    ),
  }),
)

/** Runs the two tests of fixtures/external, which need nginx, in a Vitest of their own. */
const vitest = Effect.fnUntraced(function* (env: External.Environment) {
  const folder = mkdtempSync(join(tmpdir(), "manycore-external-"))
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
  const output = join(folder, "report.json")
  const root = join(import.meta.dirname, "fixtures/external")
  const program = yield* Program.start({
    command: join(import.meta.dirname, "../node_modules/.bin/vitest"),
    args: ["run", "--root", root, "--outputFile", output],
    env,
  })
  const { code } = yield* program.exit
  const report = yield* Schema.decodeEffect(Report)(readFileSync(output, "utf8"))
  return { code, tests: report.testResults.flatMap((file) => file.assertionResults) }
})

const entry: External.External = {
  variable: "SOME_NODE",
  commands: ["no-such-command", "node"],
  paths: ["/nowhere/*/node"],
  debian: "nodejs",
}
const bin = process.execPath
const folder = bin.slice(0, bin.lastIndexOf("/"))

describe("External.locate", () => {
  it("takes the variable before everything else", () => {
    assert.strictEqual(External.locate(entry, { SOME_NODE: bin, PATH: "" }), bin)
  })
  it("does not look further when the variable names nothing", () => {
    assert.isUndefined(External.locate(entry, { SOME_NODE: "/nowhere", PATH: folder }))
  })
  it("looks in PATH, then in the well-known places", () => {
    assert.strictEqual(External.locate(entry, { PATH: `/nowhere::${folder}` }), `${folder}/node`)
    assert.strictEqual(
      External.locate({ ...entry, paths: [`${folder}/n*de`] }, {}),
      `${folder}/node`,
    )
    assert.isUndefined(External.locate(entry, { PATH: "/nowhere" }))
  })
  it("takes the newest of several versions", () => {
    const root = mkdtempSync(join(tmpdir(), "manycore-external-"))
    onTestFinished(() => rmSync(root, { recursive: true }))
    for (const version of ["9", "15", "14"]) {
      mkdirSync(join(root, version))
      writeFileSync(join(root, version, "server"), "", { mode: 0o755 })
    }
    assert.strictEqual(
      External.locate({ ...entry, commands: [], paths: [`${root}/*/server`] }, {}),
      `${root}/15/server`,
    )
  })
})

describe("External.judge", () => {
  it.each([
    ["/usr/bin/chromium", "true", "Run"],
    ["/usr/bin/chromium", undefined, "Run"],
    [undefined, undefined, "Skip"],
    [undefined, "", "Skip"],
    [undefined, "false", "Skip"],
    [undefined, "true", "Fail"],
    [undefined, "1", "Fail"],
  ])("decides for path %j and CI=%j: %s", (path, ci, expected) => {
    assert.strictEqual(External.judge("chromium", "draws", path, ci)._tag, expected)
  })
  it("says what to do", () => {
    assert.deepStrictEqual(External.judge("nginx", "proxies", undefined, undefined), {
      _tag: "Skip",
      title: "proxies (SKIPPED: needs nginx; install it or set NGINX)",
    })
    assert.deepStrictEqual(External.judge("nginx", "proxies", undefined, "1"), {
      _tag: "Fail",
      sentence:
        "this test needs nginx: install it (Debian: apt-get install -y nginx) or set NGINX to its path",
    })
  })
})

describe("External.test and External.live", () => {
  it.live(
    "run where the program is",
    () =>
      Effect.gen(function* () {
        const { code, tests } = yield* vitest({ NGINX: process.execPath, CI: "true" })
        assert.deepStrictEqual(
          [code, ...tests.map(({ status, title }) => `${status} ${title}`)],
          [0, "passed plain", "passed effectful"],
        )
      }),
    30_000,
  )

  it.live(
    "skip loudly where it is not",
    () =>
      Effect.gen(function* () {
        const { code, tests } = yield* vitest({ NGINX: "/nowhere", CI: "" })
        const why = "(SKIPPED: needs nginx; install it or set NGINX)"
        assert.deepStrictEqual(
          [code, ...tests.map(({ status, title }) => `${status} ${title}`)],
          [0, `skipped plain ${why}`, `skipped effectful ${why}`],
        )
      }),
    30_000,
  )

  it.live(
    "fail under CI where it is not",
    () =>
      Effect.gen(function* () {
        const { code, tests } = yield* vitest({ NGINX: "/nowhere", CI: "true" })
        assert.deepStrictEqual(
          [code, ...tests.map(({ status, title }) => `${status} ${title}`)],
          [1, "failed plain", "failed effectful"],
        )
        for (const { failureMessages } of tests) {
          assert.match(
            failureMessages.join(""),
            /this test needs nginx: install it .* or set NGINX/,
          )
        }
      }),
    30_000,
  )
})
