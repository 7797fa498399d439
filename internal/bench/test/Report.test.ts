import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import { Report } from "../src/index.ts"

const sample = (
  competitor: string,
  value: number,
  metric = "calls",
  unit = "1/s",
  workload = "small",
) => ({
  workload,
  competitor,
  measurements: [{ metric, unit, value }],
})

const order = ["manycore", "peer", "raw"].map((competitor) => ({ workload: "small", competitor }))

describe("Report.rows", () => {
  it("summarizes the rounds of each case in the declared order and relates them to raw", () => {
    const rows = Report.rows(
      [
        sample("raw", 200),
        sample("manycore", 90),
        sample("manycore", 110),
        sample("manycore", 100),
      ],
      order,
    )
    assert.deepStrictEqual(rows, [
      {
        workload: "small",
        competitor: "manycore",
        metric: "calls",
        unit: "1/s",
        median: 100,
        min: 90,
        max: 110,
        ratioToRaw: 0.5,
      },
      {
        workload: "small",
        competitor: "raw",
        metric: "calls",
        unit: "1/s",
        median: 200,
        min: 200,
        max: 200,
        ratioToRaw: 1,
      },
    ])
  })

  it.each([
    ["there is no raw", [sample("manycore", 1)]],
    ["raw is 0", [sample("manycore", 1), sample("raw", 0)]],
    ["raw has another unit", [sample("manycore", 1), sample("raw", 1, "calls", "1/ms")]],
    ["raw has another metric", [sample("manycore", 1), sample("raw", 1, "bytes")]],
    [
      "raw has another workload",
      [sample("manycore", 1), sample("raw", 1, "calls", "1/s", "large")],
    ],
  ] as const)("has no ratio when %s", (_, samples) => {
    assert.isNull(Report.rows(samples, order)[0]?.ratioToRaw)
  })
})

describe("Report.table", () => {
  it("prints environment, spread and ratio in columns", () => {
    const environment = { ...Report.environment("@manycore/x", 3), memory: 8 * 2 ** 30 }
    const rows = Report.rows([sample("manycore", 1_234_567), sample("raw", 2_000_000)], order)
    const text = Report.table({ environment, rows })
    assert.include(text, `Node ${process.version}, `)
    assert.include(text, " 8 GiB, ")
    assert.match(text, /\nsmall\n {2}competitor {2}metric {2}unit +median +min +max +to raw\n/)
    assert.match(text, /manycore +calls +1\/s +1,235,000 +1,235,000 +1,235,000 +0\.6173\n/)
    assert.match(text, /raw +calls +1\/s .* 1\n$/)
  })
})

describe("Report.environment", () => {
  it("fits the document's schema", () => {
    const environment = Report.environment("@manycore/x", 3)
    assert.isTrue(Schema.is(Report.Environment)(environment))
    assert.isAbove(environment.memory, 2 ** 20)
    assert.isAtLeast(environment.cores, 1)
  })
})
