import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import { Readme } from "@manycore/testkit"
import { Effect } from "effect"

const readme = new URL("../README.md", import.meta.url)

describe("README", () => {
  it("is short", () => {
    assert.isBelow(readFileSync(readme, "utf8").split("\n").length, 180)
  })

  it.live("shows an example that runs as it stands", () =>
    Effect.gen(function* () {
      const program = yield* Readme.run({ readme })
      const { code } = yield* program.exit
      assert.strictEqual(code, 0, program.diagnostics())
      assert.strictEqual(program.stderr(), "")
      assert.match(
        program.stdout(),
        /^\[ 832040, 1346269, 2178309 \]\nthread [12] exited with code 1 while it ran Exit\n$/,
      )
    }),
  )
})
