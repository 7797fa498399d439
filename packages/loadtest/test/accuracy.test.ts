import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"

import type { Latency } from "../src/Report.ts"
import * as Simulation from "./fixtures/simulation.ts"

const url = "http://127.0.0.1:3000/"

/** The exact percentile of times in ms: the smallest that so many per cent do not exceed. */
const exact = (times: ReadonlyArray<number>, percentile: number): number => {
  const sorted = times.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percentile * sorted.length) / 100 - 1e-9))
  return sorted[rank - 1] ?? 0
}

const percentiles = [
  [50, "p50"],
  [75, "p75"],
  [90, "p90"],
  [95, "p95"],
  [99, "p99"],
  [99.9, "p999"],
  [99.99, "p9999"],
] as const

/** Each percentile to the resolution of the histogram (three digits), the extremes to the µs. */
const assertTimes = (found: Latency | null, times: ReadonlyArray<number>): void => {
  assert.isNotNull(found)
  assert.strictEqual(found.count, times.length)
  for (const [percentile, name] of percentiles) {
    const truth = exact(times, percentile)
    assert.isAtLeast(found[name], truth - 0.001, name)
    assert.isAtMost(found[name], truth * 1.001 + 0.001, name)
  }
  assert.approximately(found.min, Math.min(...times), 0.001)
  assert.approximately(found.max, Math.max(...times), 0.001)
  const mean = times.reduce((a, b) => a + b, 0) / times.length
  assert.approximately(found.mean, mean, mean / 1000 + 0.001)
}

/** Service times of a server that answers one after another never waits: each has its own. */
const services = {
  fixed: () => 12.5,
  bimodal: (request: number) => (request % 10 === 0 ? 250 : 2.25),
} as const

/** Answers in 1 ms, but from 5 s on nothing for a second. */
const stalled = (at: number): number => (at >= 5000 && at < 6000 ? 6001 - at : 1)

// The simulation's own timetable is what takes the time: two million requests are enough.
const steady = (duration: "1 minute" | "1 hour") =>
  Simulation.run(
    { url, rate: 600, duration, connections: 4 },
    { reply: () => ({ after: 1.5, bytes: Simulation.ok }) },
  )

setFlagsFromString("--expose-gc")
const gc: unknown = runInNewContext("gc")

const heap = (): number => {
  if (typeof gc !== "function") throw new Error("this Node has no gc")
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

// One connection that takes 5 ms each carries a fifth of the rate, whoever's fault that is.
const behind = (busy: boolean) =>
  Simulation.run(
    { url, rate: 1000, duration: "10 seconds", connections: 1, grace: "1 second" },
    { reply: () => ({ after: 5, bytes: Simulation.ok }) },
    { busy },
  )

describe("accuracy, with a clock that jumps", () => {
  it.each(Object.entries(services))(
    "measures a %s service exactly, closed model",
    async (_, service) => {
      const { ledger, outcome } = await Simulation.run(
        { url, requests: 20_000, connections: 10 },
        { reply: (n) => ({ after: service(n), bytes: Simulation.ok }) },
      )
      const times = Array.from({ length: 20_000 }, (_, n) => service(n))
      const { latency, service: measured } = ledger.findings(false)
      assert.strictEqual(outcome.ended, "requests")
      assertTimes(latency, times)
      assertTimes(measured, times)
      ledger.destroy()
    },
  )

  it.each(Object.entries(services))(
    "measures a %s service exactly, open model",
    async (_, service) => {
      const { ledger, outcome } = await Simulation.run(
        { url, rate: 500, duration: "40 seconds", grace: "1 second" },
        { reply: (n) => ({ after: service(n), bytes: Simulation.ok }) },
      )
      const times = Array.from({ length: 20_000 }, (_, n) => service(n))
      assert.strictEqual(outcome.unsent, 0)
      const { latency, requests } = ledger.findings(false)
      assert.deepStrictEqual(requests, { sent: 20_000, ok: 20_000, failed: 0, inFlight: 0 })
      assertTimes(latency, times)
      assert.strictEqual(ledger.lateness?.max, 0.001)
      ledger.destroy()
    },
  )

  it("shows all of a stall of one second in the open model", async () => {
    const { ledger } = await Simulation.run(
      { url, rate: 500, duration: "10 seconds" },
      { reply: (_, at) => ({ after: stalled(at), bytes: Simulation.ok }) },
    )
    const times = Array.from({ length: 5000 }, (_, n) => stalled(2 * n))
    const { latency } = ledger.findings(false)
    assertTimes(latency, times)
    assert.isAbove(latency?.p99 ?? 0, 899)
    ledger.destroy()
  })

  it("shows all of it too when a connection limit makes requests wait, and the service time apart", async () => {
    const { ledger, outcome } = await Simulation.run(
      { url, rate: 1000, duration: "10 seconds", connections: 10 },
      { reply: (_, at) => ({ after: stalled(at), bytes: Simulation.ok }) },
    )
    const { latency, requests, service } = ledger.findings(false)
    assert.strictEqual(requests.sent + outcome.unsent, 10_000)
    assert.isAbove(latency?.p99 ?? 0, 899)
    // Only ten requests met the stall themselves.
    assert.approximately(service?.p99 ?? 0, 1, 0.01)
    assert.isAbove(service?.max ?? 0, 989)
    // It was the server that was late, not the generator.
    assert.isBelow(ledger.lateness?.max ?? Infinity, 1)
    ledger.destroy()
  })

  it("takes the blame for requests that wait when it never comes to rest itself", async () => {
    const server = await behind(false)
    const own = await behind(true)
    const latency = own.ledger.findings(false).latency
    assert.deepStrictEqual(server.ledger.findings(false).latency, latency)
    assert.isBelow(server.ledger.lateness?.max ?? Infinity, 1)
    // What was sent last was due after two seconds, and left after ten.
    assert.approximately(own.ledger.lateness?.max ?? 0, 8000, 100)
    assert.approximately(own.ledger.lateness?.p50 ?? 0, (latency?.p50 ?? 0) - 5, 20)
    server.ledger.destroy()
    own.ledger.destroy()
  })

  it("shows in the closed model only what it met: one answer per connection", async () => {
    const { ledger } = await Simulation.run(
      { url, duration: "10 seconds", connections: 10 },
      { reply: (_, at) => ({ after: stalled(at), bytes: Simulation.ok }) },
    )
    const { latency } = ledger.findings(false)
    assert.approximately(latency?.p99 ?? 0, 1, 0.01)
    assert.approximately(latency?.max ?? 0, 1001, 1)
    ledger.destroy()
  })

  it("counts latency from the schedule when its own timers are late, and says how late", async () => {
    const { ledger } = await Simulation.run(
      { url, rate: 100, duration: "10 seconds" },
      { reply: () => ({ after: 1, bytes: Simulation.ok }) },
      { late: (ms) => ms + 3 },
    )
    const { latency, service } = ledger.findings(false)
    assert.approximately(service?.p50 ?? 0, 1, 0.01)
    // It wakes 1.2 ms early, so of the 3 ms these remain.
    assert.approximately(ledger.lateness?.p50 ?? 0, 1.8, 0.01)
    assert.approximately(latency?.p50 ?? 0, 2.8, 0.01)
    ledger.destroy()
  })

  it("sends each request of an hour in time, and needs no more memory for it", async () => {
    const minute = await steady("1 minute")
    minute.ledger.destroy()
    const before = heap()
    const hour = await steady("1 hour")
    const after = heap()
    const { latency, requests } = hour.ledger.findings(false)
    assert.deepStrictEqual(requests, { sent: 2_160_000, ok: 2_160_000, failed: 0, inFlight: 0 })
    assert.strictEqual(hour.outcome.unsent, 0)
    assert.approximately(latency?.p9999 ?? 0, 1.5, 0.01)
    // A single byte for each request would show.
    assert.isBelow(after - before, 1024 * 1024)
    hour.ledger.destroy()
  })
})
