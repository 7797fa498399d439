import { assert, describe, it } from "@effect/vitest"
import { TestServer } from "@manycore/loadtest"
import { Effect } from "effect"

import * as Delivered from "../src/internal/run/delivered.ts"
import { run } from "./fixtures/run.ts"

/** 200 requests per second for ten seconds, answered after 5 ms. */
const fine: Delivered.Facts = {
  answers: 2000,
  late: 1,
  last: 9999,
  stopped: 10_000,
  typical: 5,
  scheduled: 10_000,
  due: 2000,
}

describe("the delivered rate", () => {
  it.each<[string, Partial<Delivered.Facts>, number]>([
    ["all in time", {}, 200],
    ["all, but all of them slow", { late: 400, last: 11_995, typical: 2000 }, 200],
    ["all, one of them very late", { late: 2, last: 12_000 }, 199.9],
    ["all, after a stall at the very end", { late: 200, last: 10_001 }, 200],
    ["as much as it can, the rest in the grace", { answers: 1100, late: 100, last: 11_000 }, 100],
    ["half, the rest never", { answers: 1000, late: 1, last: 9999 }, 100],
    ["nothing", { answers: 0, late: 0, last: -Infinity, typical: Infinity }, 0],
  ])("of a schedule that was answered: %s", (_, facts, expected) => {
    assert.approximately(Delivered.of({ ...fine, ...facts }), expected, 0.15)
  })

  it("is never more than was scheduled", () => {
    const burst = { ...fine, answers: 5, late: 0, last: 42, stopped: 40, typical: 2, scheduled: 50 }
    assert.strictEqual(Delivered.of(burst), 100)
    // At 0 and after 2 seconds, of 0.5 per second for three.
    const slow = { ...fine, answers: 2, late: 0, last: 2001, stopped: 3000, scheduled: 3000 }
    assert.strictEqual(Delivered.of({ ...slow, due: 1.5 }), 0.5)
  })

  it("of connections counts the time in which nothing came any more", () => {
    const closed = { ...fine, scheduled: undefined }
    assert.approximately(Delivered.of({ ...closed, answers: 2, last: 24 }), 0.2, 0.001)
    assert.approximately(Delivered.of({ ...closed, answers: 11, last: 11_000 }), 1, 0.001)
  })

  it.live("is what was asked when only a few answers are slow", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start({ slow: { share: 0.02, latency: "2 seconds" } })
      const report = yield* run({ url, rate: 100, duration: "2 seconds", grace: "20 seconds" })
      assert.strictEqual(report.requests.ok, 200)
      // A loaded machine may be late; by the last answer it would be half.
      assert.isAbove(report.rate.delivered, 75)
    }),
  )

  it.live("of random arrivals is held against those that came", () =>
    Effect.gen(function* () {
      const { url } = yield* TestServer.start()
      const plan = { url, rate: 50, arrivals: "poisson" } as const
      const timed = yield* run({ ...plan, duration: "1 second" })
      assert.strictEqual(timed.rate.asked, timed.requests.sent)
      const counted = yield* run({ ...plan, requests: 30 })
      for (const { rate } of [timed, counted]) {
        assert.isAtMost(rate.delivered, (rate.asked ?? 0) + 1e-6)
        assert.isAbove(rate.delivered, 0.5 * (rate.asked ?? 0))
      }
    }),
  )
})
