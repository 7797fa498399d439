import { assert, describe, it } from "@effect/vitest"

import * as Units from "../src/internal/Units.ts"

describe("Units", () => {
  it.each([
    ["10s", 10_000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["250us", 0.25],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["3", 3000],
  ] as const)("reads %s as a time", (text, ms) => {
    assert.strictEqual(Units.time(text), ms)
  })

  it.each(["", "x", "10 s", "-1s", "1d", "s", "1e3", ".5s"])("refuses %j as a time", (text) => {
    assert.isUndefined(Units.time(text))
  })

  it.each([
    ["0", 0],
    ["512", 512],
    ["512b", 512],
    ["10k", 10_240],
    ["1.5K", 1536],
    ["1MB", 1_048_576],
    ["2GiB", 2_147_483_648],
  ] as const)("reads %s as a size", (text, bytes) => {
    assert.strictEqual(Units.size(text), bytes)
  })

  it.each(["", "k", "-1", "1t", "1 k"])("refuses %j as a size", (text) => {
    assert.isUndefined(Units.size(text))
  })

  it.each([
    ["5%", 0.05],
    ["0.05", 0.05],
    ["0.1%", 0.001],
    ["100%", 1],
    ["1", 1],
    ["0", 0],
  ] as const)("reads %s as a share", (text, share) => {
    assert.closeTo(Units.share(text) ?? NaN, share, 1e-12)
  })

  it.each(["", "%", "101%", "1.5", "-5%", "x"])("refuses %j as a share", (text) => {
    assert.isUndefined(Units.share(text))
  })
})
