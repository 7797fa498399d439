import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Generator from "../src/internal/Generator.ts"
import type { Handlers, HttpClient } from "../src/internal/HttpClient.ts"
import * as Recorder from "../src/internal/Recorder.ts"

/** A wire and a clock of the test's own: every exchange takes as long as the script says. */
const simulate = (options: {
  readonly connections: number
  readonly requests: number
  readonly latencies: ReadonlyArray<number>
}) => {
  const agenda: Array<{ at: number; settle: () => void }> = []
  let time = 0
  let sent = 0
  let flying = 0
  let most = 0
  let ends = 0
  const client: HttpClient = {
    open: (handlers: Handlers) => ({
      send: () => {
        const latency = options.latencies[sent % options.latencies.length] ?? 1
        sent += 1
        flying += 1
        most = Math.max(most, flying)
        const settle = () => {
          flying -= 1
          handlers.answered(200, "OK")
        }
        agenda.push({ at: time + latency, settle })
      },
    }),
    close: () => Promise.resolve(),
  }
  const recorder = Recorder.make()
  const generator = Generator.closed({
    client,
    recorder,
    connections: options.connections,
    requests: options.requests,
    now: () => time,
    onEnd: () => (ends += 1),
  })
  generator.start()
  const step = (): boolean => {
    agenda.sort((a, b) => a.at - b.at)
    const next = agenda.shift()
    if (next === undefined) return false
    time = next.at
    next.settle()
    return true
  }
  return { generator, recorder, step, seen: () => ({ sent, most, ends, time }) }
}

describe("Generator", () => {
  it.prop(
    "sends exactly the requests asked for, never more at once than there are connections",
    {
      connections: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
      requests: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 })),
      latencies: Schema.NonEmptyArray(
        Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 })),
      ),
    },
    (options) => {
      const run = simulate(options)
      while (run.step()) assert.isAtMost(run.seen().most, options.connections)
      assert.strictEqual(run.seen().sent, options.requests)
      assert.strictEqual(run.seen().most, Math.min(options.connections, options.requests))
      assert.strictEqual(run.seen().ends, 1)
      assert.deepStrictEqual(run.recorder.requests(), {
        sent: options.requests,
        ok: options.requests,
        failed: 0,
        inFlight: 0,
      })
    },
  )

  it("counts latency from when the connection became free, and the rate to the last answer", () => {
    const run = simulate({ connections: 1, requests: 4, latencies: [10, 10, 10, 70] })
    while (run.step());
    assert.strictEqual(run.generator.elapsed(), 100)
    assert.strictEqual(run.generator.rate(), 40)
    const latency = run.recorder.latency()
    assert.approximately(latency?.p50 ?? 0, 10, 0.01)
    assert.strictEqual(latency?.max, 70)
  })

  it("sends nothing more once it is stopped, and ends with the last answer", () => {
    const run = simulate({ connections: 3, requests: Infinity, latencies: [5] })
    for (let i = 0; i < 10; i += 1) run.step()
    const { sent } = run.seen()
    run.generator.stop()
    assert.strictEqual(run.seen().ends, 0)
    while (run.step());
    assert.strictEqual(run.seen().sent, sent)
    assert.strictEqual(run.seen().ends, 1)
  })

  it("forgets what is in flight when it is cut, and ends once", () => {
    const run = simulate({ connections: 3, requests: Infinity, latencies: [5] })
    run.step()
    run.generator.cut()
    run.generator.cut()
    while (run.step());
    assert.strictEqual(run.seen().ends, 1)
    assert.deepStrictEqual(run.recorder.requests(), { sent: 4, ok: 1, failed: 0, inFlight: 3 })
  })

  it("tries again at once after one failure, then waits longer each time, at most 250 ms", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 7, 1e9].map(Generator.backoff),
      [0, 10, 20, 40, 80, 160, 250, 250],
    )
  })
})
