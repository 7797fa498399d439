import { assert, describe, it } from "@effect/vitest"

import * as Simulation from "./fixtures/simulation.ts"

const url = "http://127.0.0.1/"
const ok = () => ({ after: 1, bytes: Simulation.ok })

const run = async (...args: Parameters<typeof Simulation.run>) => {
  const { ledger, outcome } = await Simulation.run(...args)
  const { requests } = ledger
  ledger.destroy()
  return { ended: outcome.ended, requests }
}

describe("a server that nobody reaches", () => {
  it("ends a run when each connection has tried once", async () => {
    const { ended, requests } = await run(
      { url, requests: 1000, connections: 100 },
      { connect: () => "refuse", reply: ok },
    )
    assert.strictEqual(ended, "unreachable")
    assert.deepStrictEqual(requests, { sent: 100, ok: 0, failed: 100, inFlight: 0 })
  })

  it("ends a run at a rate after fifty attempts", async () => {
    const { ended, requests } = await run(
      { url, rate: 1000, duration: "1 minute" },
      { connect: () => "refuse", reply: ok },
    )
    assert.strictEqual(ended, "unreachable")
    assert.isBelow(requests.sent, 100)
  })

  it("is not one whose other connections take a little longer", async () => {
    const { ended, requests } = await run(
      { url, requests: 1000, connections: 100 },
      { connect: (attempt) => (attempt < 60 ? "refuse" : 5), reply: ok },
    )
    assert.strictEqual(ended, "requests")
    assert.deepStrictEqual(requests, { sent: 1000, ok: 940, failed: 60, inFlight: 0 })
  })

  it("is not one that accepts and says nothing", async () => {
    const { ended, requests } = await run(
      { url, requests: 5, timeout: "1 second" },
      { reply: () => "silence" },
    )
    assert.strictEqual(ended, "requests")
    assert.deepStrictEqual(requests, { sent: 5, ok: 0, failed: 5, inFlight: 0 })
  })
})
