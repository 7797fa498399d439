import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import * as Node from "../../src/cli/node.ts"

describe("the Node that manyload runs on", () => {
  it.each(["22.19.0", "22.20.1", "24.11.0", "26.0.0", "27.1.0-nightly"])("may be %s", (version) => {
    assert.isUndefined(Node.problem(version))
  })

  it.each(["18.20.8", "20.20.2", "22.18.0"])(
    "is too old as %s, and says what to install",
    (old) => {
      assert.strictEqual(
        Node.problem(old),
        `this is Node ${old}, which is too old: install Node 22.19, 24.11, 26 or newer`,
      )
    },
  )

  it("is looked at before anything that an old one could not load", () => {
    const main = readFileSync(new URL("../../src/cli/main.ts", import.meta.url), "utf8")
    assert.deepStrictEqual(
      [...main.matchAll(/^import .* from "(.*)"$/gm)].map(([, from]) => from),
      ["node:module", "node:v8", "./node.ts"],
    )
  })
})
