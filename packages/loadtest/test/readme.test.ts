import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import { FaultServer, Readme } from "@manycore/testkit"
import { Effect } from "effect"

const readme = new URL("../README.md", import.meta.url)

describe("README", () => {
  it("is short", () => {
    assert.isAtMost(readFileSync(readme, "utf8").split("\n").length, 120)
  })

  it.live("shows an example that runs as it stands", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* FaultServer.make({ routes: { "/fast": FaultServer.ok } })
      const program = yield* Readme.run({ readme, replace: { "http://127.0.0.1:3000": url } })
      const { code } = yield* program.exit
      assert.strictEqual(code, 0, program.diagnostics())
      assert.strictEqual(program.stderr(), "")
      assert.strictEqual(requests("/fast"), 500)
      assert.match(program.stdout(), /^500 requests, all answered; /)
    }),
  )
})
