import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"

import * as Explain from "../../src/cli/explain.ts"
import * as ToPlan from "../../src/cli/toPlan.ts"
import { InvalidPlan } from "../../src/Plan.ts"

const none = Option.none()

const input: ToPlan.Input = {
  urls: ["http://a/"],
  method: none,
  headers: [],
  body: none,
  contentType: none,
  expectStatus: none,
  expectBody: none,
  connections: none,
  noKeepAlive: false,
  keepAlive: false,
  pipelining: none,
  timeout: none,
  insecure: false,
  socket: none,
  threads: none,
  arrivals: none,
  seed: none,
  pacing: none,
  warmup: none,
}

const request = (given: Partial<ToPlan.Input>, files: ToPlan.Files = {}): unknown => {
  const result = ToPlan.request({ ...input, ...given }, files)
  return Result.isFailure(result) ? result.failure : ToPlan.compact(result.success)
}

const base = { url: "http://a/", headers: {}, keepAlive: true }

describe("toPlan", () => {
  it("leaves out what was not given, so that the library's defaults hold", () => {
    assert.deepStrictEqual(request({}), base)
  })

  it.each<[Partial<ToPlan.Input>, ToPlan.Files, object | string]>([
    [{ noKeepAlive: true }, {}, { ...base, keepAlive: false }],
    [{ body: Option.some("x") }, {}, { ...base, method: "POST", body: "x" }],
    [
      { body: Option.some("x"), method: Option.some("put") },
      {},
      { ...base, method: "PUT", body: "x" },
    ],
    [{}, { body: new TextEncoder().encode("ä") }, { ...base, method: "POST", body: "ä" }],
    [{}, { body: new Uint8Array([255]) }, { ...base, method: "POST", body: { base64: "/w==" } }],
    [
      { contentType: Option.some("a/b"), headers: ["X: 1"] },
      {},
      { ...base, headers: { X: "1", "Content-Type": "a/b" } },
    ],
    [
      { insecure: true },
      { cert: "C", key: "K", ca: "A" },
      { ...base, tls: { insecure: true, cert: "C", key: "K", ca: "A" } },
    ],
    [
      { urls: ["3:http://a/", "http://b/"] },
      {},
      {
        targets: [{ url: "http://a/", weight: 3 }, { url: "http://b/" }],
        headers: {},
        keepAlive: true,
      },
    ],
    [{ urls: [] }, {}, "URL is missing: try manyload -n 500 -c 50 http://127.0.0.1:3000/fast"],
    [
      { noKeepAlive: true, keepAlive: true },
      {},
      "--no-keepalive and --keepalive exclude each other: choose one",
    ],
    [
      { body: Option.some("x") },
      { body: new Uint8Array() },
      "--body and --body-file exclude each other: choose one",
    ],
    [
      { timeout: Option.some("soon") },
      {},
      '--timeout must be a time such as 10s, 500ms or 2m, got "soon"',
    ],
  ])("reads %j", (given, files, expected) => {
    assert.deepStrictEqual(request(given, files), expected)
  })

  it("reads how much, how long and how fast", () => {
    const load = ToPlan.load({
      requests: Option.some(9),
      duration: Option.some("2m"),
      grace: Option.some("500ms"),
      rate: Option.some("1.5k"),
      stages: Option.some("30s:100, 1m:1k"),
      bail: Option.some(3),
      thresholds: ["p99 < 1s"],
    })
    assert.deepStrictEqual(
      load,
      Result.succeed({
        requests: 9,
        duration: 120_000,
        grace: 500,
        rate: 1500,
        stages: [
          { duration: 30_000, rate: 100 },
          { duration: 60_000, rate: 1000 },
        ],
        bail: 3,
        thresholds: ["p99 < 1s"],
      }),
    )
  })

  it.each(["", "30s", "30s:", ":5", "30s:5:6", "30s:5,", "x:5", "30s:x"])(
    "refuses %j as stages",
    (given) => {
      assert.deepStrictEqual(
        ToPlan.stages(given),
        Result.fail(
          `--stages must be a list of time:rate such as 30s:100,1m:1000, got ${JSON.stringify(given)}`,
        ),
      )
    },
  )

  it.each([
    ["200", 200],
    ["0.5", 0.5],
    ["5k", 5000],
    ["10/s", 10],
  ] as const)("reads %s as a rate", (given, expected) => {
    assert.deepStrictEqual(ToPlan.rate("--rate")(given), Result.succeed(expected))
  })

  it.each(["", "fast", "-1", "1m", "5 k"])("refuses %j as a rate", (given) => {
    assert.isTrue(Result.isFailure(ToPlan.rate("--rate")(given)))
  })

  it("reads statuses", () => {
    assert.deepStrictEqual(ToPlan.statuses("200, 404,3XX"), Result.succeed([200, 404, "3xx"]))
    for (const wrong of ["", "600", "20", "ok", "200,"]) {
      assert.isTrue(Result.isFailure(ToPlan.statuses(wrong)), wrong)
    }
  })

  it("joins headers of one name, whatever their case", () => {
    assert.deepStrictEqual(
      ToPlan.headers(["Accept: a:b", "X-One:1", "x-one: 2", "Empty:"]),
      Result.succeed({ Accept: "a:b", "X-One": ["1", "2"], Empty: "" }),
    )
    assert.deepStrictEqual(
      ToPlan.headers([": x"]),
      Result.fail('--header must look like "Accept: text/plain", got ": x"'),
    )
  })
})

const explain = (field: string, message: string): string =>
  Explain.plan(new InvalidPlan({ field, message }))

describe("explain", () => {
  it("names the flag where the library names the field", () => {
    assert.strictEqual(explain("connections", "connections must be"), "--connections must be")
    assert.strictEqual(explain("url", "url must start"), "URL must start")
    assert.strictEqual(explain("targets", "targets [1] url must start"), "URL must start")
    assert.strictEqual(explain("thresholds", "thresholds must look"), "--threshold must look")
    assert.strictEqual(explain("", "a plan must be"), "a plan must be")
    assert.strictEqual(explain("toString", "toString must be"), "toString must be")
  })
})
