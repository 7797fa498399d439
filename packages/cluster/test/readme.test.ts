import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import { Condition, Readme } from "@manycore/testkit"
import { Effect } from "effect"

const readme = new URL("../README.md", import.meta.url)

const fetchText = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url, { headers: { connection: "close" } })
    return response.text()
  })

describe("README", () => {
  it("is short", () => {
    assert.isBelow(readFileSync(readme, "utf8").split("\n").length, 151)
  })

  it.live("shows an example that runs as it stands", () =>
    Effect.gen(function* () {
      const program = yield* Readme.run({ readme, replace: { "port: 3000": "port: 0" } })
      const [, port] = yield* program.waitForOutput(
        /^2 workers serve on port (\d+)$/m,
        "20 seconds",
      )
      const seen = new Set<string>()
      yield* Condition.until("both workers answer", () =>
        Effect.map(fetchText(`http://127.0.0.1:${port}`), (text) => {
          const [, pid = ""] = /^hello from process (\d+)\n$/.exec(text) ?? []
          seen.add(pid)
          return seen.size === 2
        }),
      )

      const [victim] = seen
      process.kill(Number(victim), "SIGKILL")
      const [, id] = yield* program.waitForOutput(
        new RegExp(`WorkerExited: worker (\\d), ${victim}$`, "m"),
      )
      yield* program.waitForOutput(new RegExp(`WorkerReady: worker ${id}, \\d+$`, "m"))

      yield* program.signal("SIGTERM")
      assert.deepStrictEqual(yield* program.exit, { code: 0, signal: null }, program.diagnostics())
      assert.strictEqual(program.stderr(), "")
    }),
  )
})
