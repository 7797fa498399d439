import { assert, describe, it } from "@effect/vitest"
import { Census } from "@manycore/testkit"
import { Effect } from "effect"

import { run } from "./fixtures/run.ts"
import * as Servers from "./fixtures/servers.ts"

const { hello } = Servers

/** It takes requests, but from one second after the first on it answers nothing for so many ms. */
const stalling = (stall: number) => {
  let first: number | undefined
  const kept: Array<number> = []
  const server = Servers.tcp((socket) =>
    Servers.onRequest(socket, () => {
      const at = performance.now()
      first ??= at
      const reply = (): void => {
        kept.push(performance.now() - at)
        socket.write(hello)
      }
      const since = at - first - 1000
      if (since >= 0 && since < stall) setTimeout(reply, stall - since)
      else reply()
    }),
  )
  return Effect.map(server, ({ port }) => ({ kept, url: `http://127.0.0.1:${port}/` }))
}

describe("truth, live", () => {
  it.live.each([1, 2])("a stall of one second shows in p99, threads: %i", (threads) =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { kept, url } = yield* stalling(1000)
      const report = yield* run({
        url,
        rate: 200,
        duration: "3 seconds",
        grace: "30 seconds",
        timeout: "30 seconds",
        threads,
      })
      assert.deepStrictEqual(report.requests, { sent: 600, ok: 600, failed: 0, inFlight: 0 })
      assert.isAtLeast(report.latency?.p99 ?? 0, 900)
      // For how long the server kept a request is a part of its latency.
      const truth = kept.toSorted((a, b) => a - b)
      assert.isAtLeast(report.latency?.p99 ?? 0, (truth[593] ?? Infinity) * 0.999)
      assert.isAtLeast(report.latency?.p50 ?? 0, (truth[299] ?? Infinity) * 0.999)
      assert.isAtLeast(report.latency?.max ?? 0, (truth.at(-1) ?? Infinity) * 0.999)
    }),
  )

  it.live("a connection limit hides nothing of a stall in the open model", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { url } = yield* stalling(1000)
      const report = yield* run({
        url,
        rate: 200,
        duration: "3 seconds",
        connections: 10,
        grace: "30 seconds",
        timeout: "30 seconds",
      })
      assert.isAtLeast(report.latency?.p99 ?? 0, 900)
      // Ten requests waited at the server, the others for one of the connections.
      assert.isBelow(report.service?.p50 ?? Infinity, report.latency?.p99 ?? 0)
    }),
  )
})
