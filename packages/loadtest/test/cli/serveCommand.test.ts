import { assert, describe, it } from "@effect/vitest"
import { Census, LoadClient } from "@manycore/testkit"
import { Effect } from "effect"

import * as TestServer from "../../src/TestServer.ts"
import { manyload, start } from "../fixtures/manyload.ts"

describe("manyload serve", () => {
  it.live("serves until a signal, then says what it did and exits with 0", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const program = yield* start(["serve", "--port", "0", "--status", "503:10%"])
      const [, url = ""] = yield* program.waitForOutput(/listening on (\S+)\/ until/, "20 seconds")
      const { statuses } = yield* LoadClient.run({ url, connections: 2, requests: 100 })
      assert.deepStrictEqual(statuses, { 200: 90, 503: 10 })
      yield* program.signal("SIGTERM")
      assert.strictEqual((yield* program.exit).code, 0, program.diagnostics())
      assert.match(
        program.stdout(),
        /^listening on http:\/\/127\.0\.0\.1:\d+\/ until Ctrl-C\n100 requests over 2 connections: 90 × 200, 10 × 503\n$/,
      )
      assert.strictEqual(program.stderr(), "")
    }),
  )

  it.live("says that a port is taken, and exits with 3", () =>
    Effect.gen(function* () {
      const { port } = yield* TestServer.start()
      assert.deepStrictEqual(yield* manyload("serve", "--port", String(port)), {
        code: 3,
        stdout: "",
        stderr: `manyload: 127.0.0.1:${port} is taken: choose another port, or 0 for a free one\n`,
      })
    }),
  )
})
