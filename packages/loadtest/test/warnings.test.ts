import { assert, describe, it } from "@effect/vitest"

import * as Warnings from "../src/internal/run/warnings.ts"
import { latency } from "./fixtures/reports.ts"

const fine: Warnings.Facts = {
  model: "open",
  ended: "duration",
  requests: { sent: 1000, ok: 1000, failed: 0, inFlight: 0 },
  rate: { asked: 100, delivered: 99.5 },
  lateness: { ...latency, p99: 1 },
  unsent: 0,
  unopened: 0,
  connections: 10,
  threads: 1,
  precise: false,
  busy: 0.5,
  duration: 10_000,
}

const codes = (facts: Partial<Warnings.Facts>) =>
  Warnings.of({ ...fine, ...facts }).map(({ code }) => code)

const unsent = (busy: number) =>
  Warnings.of({ ...fine, busy, unsent: 3 }).find(({ code }) => code === "connections")?.message

describe("warnings", () => {
  it("say nothing of a run that is to be believed", () => {
    assert.deepStrictEqual(codes({}), [])
    assert.deepStrictEqual(codes({ model: "closed", rate: { asked: null, delivered: 1 } }), [])
  })

  it.each<[string, Partial<Warnings.Facts>]>([
    ["rate", { rate: { asked: 100, delivered: 98 } }],
    ["connections", { unsent: 1 }],
    ["unopened", { model: "closed", rate: { asked: null, delivered: 1 }, unopened: 1 }],
    ["saturated", { busy: 0.99 }],
    ["late", { lateness: { ...latency, p99: 12 } }],
    ["unanswered", { requests: { sent: 5, ok: 4, failed: 0, inFlight: 1 } }],
  ])("name what is to be doubted: %s", (code, facts) => {
    assert.deepStrictEqual(codes(facts), [code])
    for (const { message } of Warnings.of({ ...fine, ...facts })) {
      assert.match(message, /^[^\n]{20,250}$/)
      assert.notMatch(message, /NaN|undefined|Infinity/)
    }
  })

  it("do not blame the server for what a saturated generator never sent", () => {
    assert.include(unsent(0.5), "because the server kept all 10 connections busy")
    assert.include(unsent(0.99), "because the generator could not keep up")
  })

  it("do not call a spinning or a very short run saturated, nor a stopped one too slow", () => {
    assert.deepStrictEqual(codes({ busy: 1, precise: true }), [])
    assert.deepStrictEqual(codes({ busy: 1, duration: 20 }), [])
    assert.deepStrictEqual(codes({ ended: "stopped", rate: { asked: 100, delivered: 5 } }), [])
  })
})
