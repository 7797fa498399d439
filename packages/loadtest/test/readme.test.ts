import { readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { FaultServer, Program } from "@manycore/testkit"
import { Effect } from "effect"

const here = fileURLToPath(new URL(".", import.meta.url))
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

describe("README", () => {
  it("is short", () => {
    assert.isBelow(readme.split("\n").length, 80)
  })

  it.live("shows an example that runs as it stands", () =>
    Effect.gen(function* () {
      const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
      assert.include(example, "http://127.0.0.1:3000")
      const { requests, url } = yield* FaultServer.make({ routes: { "/fast": FaultServer.ok } })
      // In here, so that the package finds itself by its name.
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(here, "readme-"))),
        (folder) => Effect.promise(() => rm(folder, { recursive: true })),
      )
      const file = join(folder, "example.ts")
      yield* Effect.promise(() => writeFile(file, example.replaceAll("http://127.0.0.1:3000", url)))
      const program = yield* Program.start({
        command: process.execPath,
        args: ["--conditions=@manycore/source", file],
      })
      const { code } = yield* program.exit
      assert.strictEqual(code, 0, program.diagnostics())
      assert.strictEqual(program.stderr(), "")
      assert.strictEqual(requests("/fast"), 500)
      assert.match(program.stdout(), /^500 requests, all answered; /)
    }),
  )
})
