import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Program } from "@manycore/testkit"
import { Effect } from "effect"

import { unsupported } from "../src/internal/platform.ts"

const primaryFile = fileURLToPath(new URL("./fixtures/primary.ts", import.meta.url))

/** Loaded first, Node says that it runs on that system. */
const pretend = (platform: string) =>
  `data:text/javascript,Object.defineProperty(process,"platform",{value:"${platform}"})`

describe("a supervisor", () => {
  it("works on Linux and macOS, and on Windows it says that it does not", () => {
    assert.isUndefined(unsupported("linux"))
    assert.isUndefined(unsupported("darwin"))
    assert.deepInclude(unsupported("win32"), { _tag: "Unsupported", platform: "win32" })
  })

  it.live("where it does not work, the main program says so in one sentence and exits with 1", () =>
    Effect.gen(function* () {
      const primary = yield* Program.start({
        command: process.execPath,
        args: [
          ...process.execArgv,
          "--import",
          pretend("win32"),
          primaryFile,
          JSON.stringify({ program: "./plain.mjs", workers: 2 }),
        ],
      })
      const exit = yield* Effect.timeout(primary.exit, "20 seconds")
      assert.deepStrictEqual(exit, { code: 1, signal: null }, primary.diagnostics())
      assert.strictEqual(
        primary.stderr(),
        "a supervisor runs on Linux and macOS, not on win32: run it in WSL or in a container\n",
      )
      assert.strictEqual(primary.stdout(), "")
    }).pipe(Effect.scoped),
  )
})
