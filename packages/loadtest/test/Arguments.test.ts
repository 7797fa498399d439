import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"

import * as Arguments from "../src/cli/Arguments.ts"
import { InvalidPlan } from "../src/Plan.ts"

const explain = (field: string, message: string) =>
  Arguments.explain(new InvalidPlan({ field, message }))

describe("Arguments", () => {
  it.each([
    ["10s", 10_000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["3", 3000],
  ] as const)("reads %s as a time", (given, ms) => {
    assert.deepStrictEqual(Arguments.parseTime("--duration", given), Result.succeed(ms))
  })

  it.each(["", "x", "10 s", "-1s", "1d", "s", "1e3"])("refuses %j as a time", (given) => {
    assert.deepStrictEqual(
      Arguments.parseTime("--duration", given),
      Result.fail(
        `--duration must be a time such as 10s, 500ms or 2m, got ${JSON.stringify(given)}`,
      ),
    )
  })

  it("joins headers of one name, whatever their case", () => {
    assert.deepStrictEqual(
      Arguments.parseHeaders(["Accept: a:b", "X-One:1", "x-one: 2", "Empty:"]),
      Result.succeed({ Accept: "a:b", "X-One": ["1", "2"], Empty: "" }),
    )
    assert.deepStrictEqual(
      Arguments.parseHeaders([": x"]),
      Result.fail('--header must look like "Accept: text/plain", got ": x"'),
    )
  })

  it("takes numbers attached to their letters, but leaves everything else alone", () => {
    assert.deepStrictEqual(
      Arguments.splitAttached(["-n500", "-c50", "-d10s", "-5", "-k", "--n5", "--", "-n5"]),
      ["-n", "500", "-c", "50", "-d", "10s", "-5", "-k", "--n5", "--", "-n5"],
    )
  })

  it.prop("loses no word of a command line", [Schema.Array(Schema.String)], ([words]) => {
    assert.strictEqual(Arguments.splitAttached(words).join(""), words.join(""))
  })

  it("names the flag where the library names the field", () => {
    assert.strictEqual(explain("connections", "connections must be"), "--connections must be")
    assert.strictEqual(explain("url", "url must start"), "URL must start")
    assert.strictEqual(explain("", "a plan must be"), "a plan must be")
  })
})
