import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as SearchScreen from "../../src/cli/render/SearchScreen.ts"
import * as Text from "../../src/cli/render/Text.ts"
import type { Probe } from "../../src/Find.ts"
import type { Snapshot } from "../../src/Snapshot.ts"
import { latency, plan } from "../fixtures/reports.ts"

const searched = plan({
  url: "http://127.0.0.1:3000/fast",
  rate: 100,
  duration: "5 seconds",
  thresholds: ["p99 < 200ms", "failed < 1%"],
})

const probe = (rate: number, p99: number | null): Probe => ({
  rate,
  held: p99 !== null && p99 < 200,
  delivered: rate,
  requests: { sent: rate, ok: p99 === null ? 0 : rate, failed: 0, inFlight: 0 },
  latency: p99 === null ? null : { ...latency, p99 },
  broken: p99 === null || p99 < 200 ? [] : ["p99 < 200ms"],
  warnings: [],
})

const now: Snapshot = {
  phase: "running",
  elapsed: 2000,
  progress: 0.4,
  requests: { sent: 1000, ok: 980, failed: 3, inFlight: 20 },
  rate: { asked: 566, delivered: 560 },
  latency: { ...latency, p99: 12 },
  statuses: { 200: 980 },
  errors: {},
  bytes: { sent: 0, received: 0 },
  recent: null,
}

const search: SearchScreen.Search = {
  plan: searched,
  probes: [probe(200, 9), probe(400, 11), probe(800, 1490), probe(800, 1500), probe(566, 830)],
  current: { rate: 566, plan: searched, now },
}

const size = { columns: 90, rows: 24 }

describe("SearchScreen", () => {
  it("shows each rate once, the highest first, and how the one is doing that is tried", () => {
    assert.strictEqual(
      `${SearchScreen.view(search, size, false).join("\n")}\n`,
      `GET http://127.0.0.1:3000/fast
the highest rate with p99 < 200ms, failed < 1%

  800  ████████████████████████████████████████  p99  1.50 s  ✗ p99 < 200ms
  566  ████████████████████████████▎             p99 12.0 ms  … once more
  400  ████████████████████                      p99 11.0 ms  ✓ held
  200  ██████████                                p99 9.00 ms  ✓ held

  trying 566 requests/s, 560 delivered, 3 failed
  ████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %  2 s, 3 s left
`,
    )
  })

  it("says what it waits for between two rates, and when nothing is answered", () => {
    const lines = SearchScreen.view(
      { ...search, probes: [probe(100, null)], current: undefined },
      size,
      false,
    )
    assert.include(lines.at(-1), "waiting until the server has recovered")
    assert.include(lines.join("\n"), "✗ nothing answered")
    const silent = { ...search.current, rate: 5, plan: searched, now: { ...now, latency: null } }
    assert.include(
      SearchScreen.view({ ...search, current: silent }, size, false).join("\n"),
      "trying 5 requests/s, no answers yet, 3 failed",
    )
  })

  const Side = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))

  it.prop(
    "never draws more than the terminal has",
    { columns: Side, rows: Side, tried: Side },
    ({ columns, rows, tried }) => {
      const probes = Array.from({ length: tried }, (_, i) => probe(i * 1000, i * 10))
      const lines = SearchScreen.view({ ...search, probes }, { columns, rows }, true)
      assert.isAtMost(lines.length, Math.max(1, rows - 1))
      for (const line of lines) assert.isBelow(Text.plain(line).length, columns)
    },
  )
})
