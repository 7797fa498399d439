import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"

import * as Document from "../../src/cli/document.ts"
import * as Report from "../../src/Report.ts"
import { dead, failing, open, report } from "../fixtures/reports.ts"

const output: Document.Output = {
  json: false,
  csv: Option.none(),
  out: Option.none(),
  quiet: false,
  noProgress: false,
}

const json = { format: "json", file: undefined } as const

describe("destinations", () => {
  it.each<[Partial<Document.Output>, Document.Destinations | string]>([
    [{}, { document: undefined, summary: true, progress: true }],
    [{ json: true }, { document: json, summary: false, progress: true }],
    [
      { json: true, quiet: true },
      { document: json, summary: false, progress: false },
    ],
    [{ quiet: true }, { document: undefined, summary: false, progress: false }],
    [{ noProgress: true }, { document: undefined, summary: true, progress: false }],
    [
      { csv: Option.some("series") },
      { document: { format: "series", file: undefined }, summary: false, progress: true },
    ],
    [
      { out: Option.some("a.json") },
      { document: { format: "json", file: "a.json" }, summary: true, progress: true },
    ],
    [
      { out: Option.some("a.csv") },
      { document: { format: "csv", file: "a.csv" }, summary: true, progress: true },
    ],
    [
      { out: Option.some("a.txt"), csv: Option.some("summary"), quiet: true },
      { document: { format: "csv", file: "a.txt" }, summary: false, progress: false },
    ],
    [{ out: Option.some("-") }, { document: json, summary: false, progress: true }],
    [
      { json: true, csv: Option.some("summary") },
      "--json and --csv exclude each other: choose one",
    ],
  ])("%j", (given, expected) => {
    assert.deepStrictEqual(Document.destinations({ ...output, ...given }), expected)
  })
})

describe("document", () => {
  it.effect("is the report as JSON, which reads back as it was", () =>
    Effect.gen(function* () {
      for (const one of [report, failing, dead]) {
        const again = yield* Report.decode(JSON.parse(Document.write("json", one)))
        assert.deepStrictEqual(Report.encode(again), Report.encode(one))
      }
    }),
  )

  it("keeps the headers that log in to itself", () => {
    const text = Document.write("json", open)
    assert.notInclude(text, "c2VjcmV0")
    assert.include(text, '"Authorization": "***"')
    assert.include(text, '"Accept": "*/*"')
  })

  it("is a table of figures as CSV", () => {
    assert.strictEqual(
      Document.write("csv", { ...report, routes: open.routes.slice(0, 1) }),
      `target,url,rate_asked,rate_delivered,sent,ok,failed,in_flight,min_ms,mean_ms,stddev_ms,p50_ms,p75_ms,p90_ms,p95_ms,p99_ms,p999_ms,p9999_ms,max_ms,warnings
GET /fast,http://127.0.0.1:3000/fast,,12345.4,500,500,0,0,0.512,3.2,1,2.5,3,12.34,15,1234,1300,1400,61000,
`,
    )
  })

  it("has a row for each target and one for all, quoted where it must be", () => {
    const rows = Document.write("csv", open).trimEnd().split("\n")
    assert.lengthOf(rows, 4)
    assert.match(rows[2] ?? "", /^"slow, =1",http:\/\/user:secret@[^,]+,,,250,249,0,1,{12}$/)
    assert.match(
      rows[3] ?? "",
      /^all,,1000,998\.7,1000,999,0,1,0\.512,.*,1 request was still unanswered at the end\.$/,
    )
  })

  it("is the course of the run as CSV", () => {
    assert.strictEqual(
      Document.write("series", open),
      `at_ms,span_ms,sent,answers,failed,p50_ms,p99_ms,max_ms
0,1000,600,590,0,2,90,900
1000,1000,400,0,0,,,
`,
    )
  })
})

describe("failure", () => {
  it("is what ends the command with 1", () => {
    assert.isUndefined(Document.failure(report))
    assert.isUndefined(Document.failure(failing))
    assert.strictEqual(Document.failure(dead), Report.headline(dead))
    assert.strictEqual(Document.failure(open), "1 of 2 thresholds failed: p99 < 200ms (was 1.23 s)")
    assert.strictEqual(
      Document.failure({ ...failing, ended: "unreachable" }),
      Report.headline({ ...failing, ended: "unreachable" }),
    )
    assert.strictEqual(
      Document.failure({ ...failing, ended: "bail" }),
      "gave up after 118 failed requests",
    )
    assert.strictEqual(
      Document.failure({
        ...report,
        thresholds: [{ threshold: "lateness.max < 1ms", actual: null, unit: "ms", ok: false }],
      }),
      "1 of 1 threshold failed: lateness.max < 1ms (nothing was measured)",
    )
  })
})
