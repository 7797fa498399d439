import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"

import * as Serve from "../../src/cli/serve.ts"

const none = Option.none()

const input: Serve.Input = {
  host: "127.0.0.1",
  port: 0,
  latency: none,
  slow: none,
  status: [],
  size: none,
  framing: none,
  faults: [],
  stall: none,
  concurrency: none,
}

const options = (given: Partial<Serve.Input>): unknown => {
  const result = Serve.options({ ...input, ...given })
  return Result.isFailure(result) ? result.failure : result.success
}

describe("serve", () => {
  it("reads every flag", () => {
    assert.deepStrictEqual(
      options({
        host: "::1",
        port: 8080,
        latency: Option.some("10ms-50ms"),
        slow: Option.some("1%:2s"),
        status: ["404", "503:5%,500:1%"],
        size: Option.some("10k"),
        framing: Option.some("chunked"),
        faults: ["reset:1%", "hang:0.1%"],
        stall: Option.some("1s/10s"),
        concurrency: Option.some(2),
      }),
      {
        host: "::1",
        port: 8080,
        latency: { min: 10, max: 50 },
        slow: { share: 0.01, latency: 2000 },
        status: 404,
        statuses: { 503: 0.05, 500: 0.01 },
        size: 10_240,
        framing: "chunked",
        faults: { reset: 0.01, hang: 0.001 },
        stall: { duration: 1000, every: 10_000 },
        concurrency: 2,
      },
    )
    assert.propertyVal(options({ latency: Option.some("20ms") }), "latency", 20)
    assert.deepPropertyVal(options({ faults: ["close"] }), "faults", { close: 1 })
  })

  it.each<[Partial<Serve.Input>, string]>([
    [{ latency: Option.some("50ms-10ms") }, "--latency must be a time such as 20ms, or a range"],
    [{ slow: Option.some("1%") }, "--slow must be a share and a time such as 1%:2s"],
    [{ status: ["ok"] }, "--status must be a status such as 200, or with a share such as 503:5%"],
    [{ status: ["503:200%"] }, "--status must be a status such as 200, or with a share"],
    [{ size: Option.some("big") }, "--size must be a number of bytes such as 512 or 10k"],
    [{ framing: Option.some("x") }, "--framing must be one of length, chunked, close"],
    [{ faults: ["fire:1%"] }, "--fault must be one of reset, truncate, close, hang, malformed"],
    [{ stall: Option.some("10s/1s") }, "--stall must be a time in each longer time such as"],
  ])("refuses %j", (given, sentence) => {
    assert.include(options(given), sentence)
  })

  it("gives an account of what it did", () => {
    assert.strictEqual(
      Serve.account({
        requests: 1234,
        statuses: { 200: 1200, 503: 30 },
        faults: { reset: 4 },
        connections: { open: 0, accepted: 1 },
      }),
      "1,234 requests over 1 connection: 1,200 × 200, 30 × 503, 4 × reset",
    )
    assert.strictEqual(
      Serve.account({
        requests: 0,
        statuses: {},
        faults: {},
        connections: { open: 0, accepted: 0 },
      }),
      "0 requests over 0 connections",
    )
  })
})
