import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import { Readme } from "@manycore/testkit"
import { Effect } from "effect"

const readme = new URL("../README.md", import.meta.url)

describe("README", () => {
  it("is short", () => {
    assert.isBelow(readFileSync(readme, "utf8").split("\n").length, 120)
  })

  it.live("shows an example that runs as it stands", () =>
    Effect.gen(function* () {
      const program = yield* Readme.run({ readme })
      const { code } = yield* program.exit
      assert.strictEqual(code, 0, program.diagnostics())
      assert.strictEqual(program.stderr(), "")
      const [, pid] = /^hello Ada, from process (\d+)$/m.exec(program.stdout()) ?? []
      assert.isDefined(pid)
      assert.strictEqual(
        program.stdout(),
        [
          `hello Ada, from process ${pid}`,
          "[ 1, 2, 3 ]",
          `process ${pid} was ended by SIGKILL (call Greet)`,
          "",
        ].join("\n"),
      )
    }),
  )
})
