import { assert, describe, it } from "vitest"

import { timers } from "../src/internal/engine/Model.ts"
import type { Clock } from "../src/internal/engine/Wire.ts"
import * as Simulation from "./fixtures/simulation.ts"

/** A clock whose time passes when it is said, and what is to be called after some of it. */
const fake = () => {
  const calls: Array<() => void> = []
  const time = { now: 0 }
  const clock: Clock = {
    now: () => time.now,
    idle: () => 0,
    after: (_ms, call) => {
      calls.push(call)
      return () => void calls.splice(calls.indexOf(call), 1)
    },
    poll: () => () => {},
  }
  return { calls, time, timers: timers(clock) }
}

describe("timers", () => {
  it("call many times in turns, with time for others in between", () => {
    const { calls, time, timers } = fake()
    const called: Array<number> = []
    timers.each(1000, (index) => {
      called.push(index)
      time.now += 1
    })
    const turns = [called.length]
    for (let next = calls.shift(); next !== undefined; next = calls.shift()) {
      next()
      turns.push(called.length)
    }
    assert.deepStrictEqual(turns, [256, 512, 768, 1000])
    assert.deepStrictEqual(
      called,
      Array.from({ length: 1000 }, (_, index) => index),
    )
  })

  it("call many times at once when that takes no time", () => {
    const { calls, timers } = fake()
    let count = 0
    timers.each(100_000, () => (count += 1))
    assert.strictEqual(count, 100_000)
    assert.lengthOf(calls, 0)
  })

  it("call no more when they are cleared", () => {
    const { calls, time, timers } = fake()
    timers.each(1000, () => (time.now += 1))
    assert.lengthOf(calls, 1)
    timers.clear()
    assert.lengthOf(calls, 0)
  })
})

describe("the closed model", () => {
  it("ends on time, and measures, while it opens more connections than it has time for", async () => {
    const { ledger, opened, outcome } = await Simulation.run(
      { url: "http://a/", connections: 20_000, duration: "2 seconds" },
      { reply: () => ({ after: 1, bytes: Simulation.ok }) },
      { dialing: 0.5 },
    )
    assert.strictEqual(outcome.ended, "duration")
    // A turn is 256 connections of half a millisecond each.
    assert.isBelow(outcome.endedAt, 2500)
    assert.strictEqual(outcome.unopened, 20_000 - opened)
    assert.isBelow(opened, 5000)
    assert.isAbove(ledger.requests.ok, opened)
  })
})
