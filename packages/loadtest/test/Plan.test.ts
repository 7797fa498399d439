import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Result, Schema } from "effect"

import * as Plan from "../src/Plan.ts"

const url = "http://127.0.0.1:3000/"

describe("Plan", () => {
  it.effect("fills in the defaults, and runs for ten seconds when nothing else ends it", () =>
    Effect.gen(function* () {
      const plan = yield* Plan.make({ url })
      assert.deepStrictEqual(yield* Schema.encodeEffect(Plan.Plan)(plan), {
        url,
        method: "GET",
        headers: {},
        duration: "10 seconds",
        connections: 1,
        keepAlive: true,
        pipelining: 1,
        arrivals: "constant",
        seed: 1,
        pacing: "sleeping",
        threads: 1,
        timeout: "10 seconds",
        grace: "1 seconds",
        warmup: "0 millis",
        thresholds: [],
      })
      assert.isUndefined((yield* Plan.make({ url, requests: 5 })).duration)
    }),
  )

  it.effect.each<[unknown, string, string]>([
    [undefined, "", "a plan must be an object with a url"],
    ["http://127.0.0.1", "", 'a plan must be an object with a url, got "http://127.0.0.1"'],
    [{}, "url", "url is missing: give the address to load, such as http://127.0.0.1:3000/"],
    [
      { url: "http://127.0.0.1:99999/" },
      "url",
      'url must be an http:// or https:// address with a port up to 65535, such as http://127.0.0.1:3000/, got "http://127.0.0.1:99999/"',
    ],
    [{ url: 3 }, "url", "url must be an address such as http://127.0.0.1:3000/, got 3"],
    [
      { url: "localhost:3000/x" },
      "url",
      'url must start with http:// or https://: try http://localhost:3000/x, got "localhost:3000/x"',
    ],
    [
      { url: "ftp://a/" },
      "url",
      'url must be an http:// or https:// address with a port up to 65535, such as http://127.0.0.1:3000/, got "ftp://a/"',
    ],
    [
      { url, connections: 0 },
      "connections",
      "connections must be a whole number from 1 to 65535, got 0",
    ],
    [
      { url, connections: "5" },
      "connections",
      'connections must be a whole number from 1 to 65535, got "5"',
    ],
    [{ url, requests: 1.5 }, "requests", "requests must be a whole number of at least 1, got 1.5"],
    [
      { url, duration: "10" },
      "duration",
      'duration must be a time from 1 millisecond to 24 days, such as "10 seconds", got "10"',
    ],
    [
      { url, duration: 0 },
      "duration",
      'duration must be a time from 1 millisecond to 24 days, such as "10 seconds", got 0',
    ],
    [
      { url, timeout: "Infinity" },
      "timeout",
      'timeout must be a time from 1 millisecond to 24 days, such as "10 seconds", got "Infinity"',
    ],
    [
      { url, grace: -1 },
      "grace",
      'grace must be a time from 0 to 24 days, such as "1 second", got -1',
    ],
    [
      { url, method: "get" },
      "method",
      'method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, got "get"',
    ],
    [{ url, keepAlive: 1 }, "keepAlive", "keepAlive must be true or false, got 1"],
    [
      { url, headers: { "a b": "c" } },
      "headers",
      'headers must hold valid HTTP names and values, got "a b: c"',
    ],
    [
      { url, headers: { a: 3 } },
      "headers",
      'headers must be an object of names with a string, or an array of strings, each, got {"a":3}',
    ],
    [
      { url, headers: { Connection: "close" } },
      "headers",
      'headers must not contain "Connection": leave it out and set keepAlive instead',
    ],
    [
      { url, connection: 5 },
      "connection",
      '"connection" is not a field of a plan: use url, targets, method, ',
    ],
  ])("refuses %j with a sentence that names the field", ([input, field, message]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Plan.decode(input))
      assert.strictEqual(error._tag, "InvalidPlan")
      assert.strictEqual(error.field, field)
      assert.isTrue(error.message.startsWith(message), error.message)
    }),
  )

  it.effect.prop(
    "never dies and never answers in more than one line, whatever it is given",
    [Schema.Json],
    ([input]) =>
      Effect.gen(function* () {
        const result = yield* Effect.result(Plan.decode(input))
        if (Result.isSuccess(result)) return
        assert.notInclude(result.failure.message, "\n")
        assert.isNotEmpty(result.failure.message)
      }),
  )

  it.effect.prop(
    "says the same after a way through JSON",
    {
      connections: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })),
      requests: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e9 })),
      millis: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e9 })),
      micros: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })),
      keepAlive: Schema.Boolean,
      header: Schema.String.check(Schema.isPattern(/^[a-z]{1,8}$/)),
    },
    ({ connections, header, keepAlive, micros, millis, requests }) =>
      Effect.gen(function* () {
        const plan = yield* Plan.make({
          url,
          connections,
          requests,
          keepAlive,
          duration: Duration.micros(BigInt(millis * 1000 + micros)),
          headers: { [`x-${header}`]: [header, header] },
        })
        const json = JSON.stringify(yield* Schema.encodeEffect(Plan.Plan)(plan))
        const again = yield* Plan.decode(JSON.parse(json))
        assert.strictEqual(JSON.stringify(yield* Schema.encodeEffect(Plan.Plan)(again)), json)
        assert.approximately(
          Duration.toMillis(again.duration ?? Duration.zero),
          millis + micros / 1000,
          1e-6,
        )
      }),
  )
})
