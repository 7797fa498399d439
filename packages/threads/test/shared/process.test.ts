import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Program } from "@manycore/testkit"
import { Effect } from "effect"

describe("waiting in shared memory", () => {
  it.live("keeps the process alive while it waits, and not a moment longer", () =>
    Effect.gen(function* () {
      const file = new URL("../fixtures/sharedProgram.ts", import.meta.url)
      const program = yield* Program.start({
        command: process.execPath,
        args: [...process.execArgv, fileURLToPath(file)],
      })
      assert.deepStrictEqual(
        yield* Effect.timeout(program.exit, "20 seconds"),
        { code: 0, signal: null },
        program.diagnostics(),
      )
      assert.strictEqual(program.stdout(), "open\ngiven up, given up, given up\n")
    }).pipe(Effect.scoped),
  )
})
