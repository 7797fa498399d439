import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import { type Arguments, help, parse } from "../src/Arguments.ts"

const run = (given: Partial<Arguments & { _tag: "Run" }>): Arguments => ({
  _tag: "Run",
  rounds: 3,
  only: [],
  json: false,
  ...given,
})

describe("parse", () => {
  it.each([
    [[], run({})],
    [["--"], run({})],
    [["--", "--json"], run({ json: true })],
    [["--json", "--rounds", "7"], run({ json: true, rounds: 7 })],
    [["--rounds=1", "--only", "small"], run({ rounds: 1, only: ["small"] })],
    [["--only", "small", "--only", "large"], run({ only: ["small", "large"] })],
    [["--help"], { _tag: "Help" }],
    [["--", "-h", "--rounds", "0"], { _tag: "Help" }],
  ] as const)("reads %j", (args, expected) => {
    assert.deepStrictEqual(parse(args), expected)
  })

  it.each([
    [["--rounds", "0"], /^--rounds takes a whole number from 1 to 9999, not "0"\.$/],
    [["--rounds", "1.5"], /not "1\.5"/],
    [["--rounds", "many"], /not "many"/],
    [["--rounds"], /--rounds/],
    [["--fast"], /--fast/],
    [["small"], /small/],
    [["--json=yes"], /--json/],
    [["--", "--", "--json"], /--json/],
  ] as const)("refuses %j in one sentence", (args, expected) => {
    const parsed = parse(args)
    const sentence = parsed._tag === "Bad" ? parsed.sentence : `no refusal: ${parsed._tag}`
    assert.match(sentence, expected)
    assert.match(sentence, /^[^\n]+[.]$/)
  })

  it.prop("never throws, and drops a leading --", [Schema.Array(Schema.String)], ([args]) => {
    const rest = args.filter((arg) => arg !== "--")
    assert.deepStrictEqual(parse(["--", ...rest]), parse(rest))
  })

  it("shows examples and workloads in its help", () => {
    const text = help("@manycore/x", ["unary small", "stream"])
    assert.include(text, 'pnpm --filter @manycore/x bench -- --only "unary small" --rounds 5')
    assert.include(text, "\n  stream\n")
  })
})
