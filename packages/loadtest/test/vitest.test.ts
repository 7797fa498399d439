/* oxlint-disable vitest/no-standalone-expect -- it.live is not known to be a test */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Report from "../src/Report.ts"
import { matchers } from "../src/vitest.ts"
import { run } from "./fixtures/run.ts"
import * as Servers from "./fixtures/servers.ts"

expect.extend(matchers)

describe("toMeet", () => {
  it.live("holds a report against sentences, also one that was kept as JSON", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const report = yield* run({ url: `http://127.0.0.1:${port}/`, requests: 50 })
      expect(report).toMeet(
        "p99 < 1m",
        "p37.5 < 1m",
        "service.max < 1m",
        "failed <= 0",
        "ok >= 100%",
      )
      expect(report).not.toMeet("p99 < 0us")
      expect(yield* Report.decode(Report.encode(report))).toMeet("mean < 1m")
      expect(() => expect(report).toMeet("p50 > 1h", "failed < 1%", "lateness.p99 < 1s")).toThrow(
        /does not meet p50 > 1h: it is [\d.]+ ms; lateness\.p99 < 1s: nothing was measured/,
      )
    }),
  )

  it("says what it needs", () => {
    expect(() => expect({ p99: 3 }).toMeet("p99 < 1s")).toThrow(/needs the report of a load test/)
    expect(() => expect(undefined).toMeet("p99 < 1s")).toThrow(/needs the report of a load test/)
  })
})
