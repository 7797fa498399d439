import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, it } from "@effect/vitest"
import { Census, Program } from "@manycore/testkit"
import { Effect, type Scope } from "effect"

const root = fileURLToPath(new URL("..", import.meta.url))
const packages = ["ipc", "threads", "cluster", "loadtest"]

/** Runs a program to its end; its output is in the failure when the exit code is not 0. */
const run = (
  cwd: string,
  command: string,
  args: ReadonlyArray<string>,
): Effect.Effect<string, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const program = yield* Program.start({ command, args, cwd, env: { NODE_OPTIONS: undefined } })
    const { code } = yield* Effect.timeout(program.exit, "4 minutes")
    assert.strictEqual(code, 0, program.diagnostics())
    return program.stdout()
  })

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "manycore-packed-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

it.live(
  "each package, packed and installed in a plain npm project, does its work",
  () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const folder = yield* temporaryFolder
      for (const name of packages) {
        yield* run(join(root, "packages", name), "pnpm", ["pack", "--pack-destination", folder])
      }
      const tarballs = readdirSync(folder).filter((file) => file.endsWith(".tgz"))
      assert.lengthOf(tarballs, packages.length)

      cpSync(new URL("./fixtures/consumer", import.meta.url), folder, { recursive: true })
      writeFileSync(
        join(folder, "package.json"),
        JSON.stringify({ name: "consumer", private: true, type: "module" }),
      )
      yield* run(folder, "npm", [
        "install",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--loglevel=error",
        ...tarballs.map((file) => `./${file}`),
        "effect@4.1.0",
        "@effect/platform-node@4.1.0",
      ])
      const stdout = yield* run(folder, process.execPath, ["main.mjs"])
      const counts = { sent: 20, ok: 20, failed: 0, inFlight: 0 }
      assert.deepStrictEqual(JSON.parse(stdout), {
        process: 6,
        thread: 6,
        counter: 42,
        load: { library: counts, threads: counts, server: counts },
      })
    }).pipe(Effect.scoped),
  5 * 60_000,
)
