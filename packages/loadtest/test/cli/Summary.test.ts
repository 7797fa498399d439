import { assert, describe, it } from "@effect/vitest"

import * as Summary from "../../src/cli/render/Summary.ts"
import * as Text from "../../src/cli/render/Text.ts"
import { dead, failing, latency, open, plan, report } from "../fixtures/reports.ts"

const load = (input: Parameters<typeof plan>[0]): string =>
  Summary.render({ ...report, plan: plan(input) }, false).split("\n")[3] ?? ""

describe("Summary", () => {
  it("shows target, load, rate, latencies and what became of the requests", () => {
    assert.strictEqual(
      Summary.render(report, false),
      `500 requests, all answered; 12,345 requests/s.

  target     GET http://127.0.0.1:3000/fast
  load       50 connections, keep-alive, closed model, 40.5 ms
  rate       12,345 requests/s
  bytes      71.5 kB received, 41 kB sent

               latency
  min          0.51 ms
  p50          2.50 ms
  p75          3.00 ms
  p90          12.3 ms
  p95          15.0 ms
  p99           1.23 s
  p99.9         1.30 s
  p99.99        1.40 s
  max           1m 01s
  mean         3.20 ms
  stddev       1.00 ms

  statuses   500 × 200
  errors     none
`,
    )
  })

  it("shows an open run with rate asked, lateness, bars, targets, thresholds and doubts", () => {
    const [headline, ...lines] = Summary.render(open, false).split("\n")
    assert.match(headline ?? "", /^1,000 requests, /)
    assert.strictEqual(
      lines.join("\n"),
      `! 1 request was still unanswered at the end.

  target     2 targets
  load       1,000 requests/s, up to 1,000 connections, 2 threads, keep-alive, open model, 40.5 ms
  rate       999 requests/s delivered of 1,000 asked (99.9 %)
  bytes      71.5 kB received, 41 kB sent

               latency   service   lateness
  min          0.51 ms   0.51 ms    0.51 ms
  p50          2.50 ms   2.50 ms    0.01 ms
  p75          3.00 ms   3.00 ms    3.00 ms
  p90          12.3 ms   12.3 ms    12.3 ms
  p95          15.0 ms   15.0 ms    15.0 ms
  p99           1.23 s    1.23 s     1.23 s
  p99.9         1.30 s    1.30 s     1.30 s
  p99.99        1.40 s    1.40 s     1.40 s
  max           1m 01s    1m 01s    1.20 ms
  mean         3.20 ms   3.20 ms    3.20 ms
  stddev       1.00 ms   1.00 ms    1.00 ms

   to 3.68 ms   99.6 %  ████████████████████████████████████████
   to 6.79 ms      0 %
   to 12.5 ms      0 %
   to 23.0 ms      0 %
   to 42.4 ms      0 %
   to 78.2 ms      0 %
    to 144 ms    0.3 %  ▏
    to 265 ms      0 %
    to 489 ms      0 %
    to 900 ms    0.1 %  ▏

  statuses   999 × 200
  errors     none

  target      sent   failed       p50      p99      max
  GET /fast    750        0   2.50 ms   1.23 s   1m 01s
  slow, =1     250        0         -        -        -

  thresholds ✗ failed  p99 < 200ms  was 1.23 s
             ✓ held    failed < 1%  was 0 %
`,
    )
  })

  it("shows errors by class, the most frequent first, each with an example that moves no cursor", () => {
    assert.include(
      Summary.render(failing, false),
      `  errors     100 status  such as: 503 Bad [2J
              18 reset   such as: read ECONNRESET
`,
    )
  })

  it("has no table of latencies when there are none", () => {
    const text = Summary.render(dead, false)
    assert.notInclude(text, "p50")
    assert.include(text, "  rate       no answers\n")
    assert.notInclude(text, "statuses")
  })

  it("describes ramps, pacing and closed loads", () => {
    assert.deepStrictEqual(
      [
        load({ url: "http://a/", connections: 1, keepAlive: false }),
        load({ url: "http://a/", connections: 50, requests: 2, pipelining: 4 }),
        load({
          url: "http://a/",
          stages: [
            { duration: "30 seconds", rate: 100 },
            { duration: "1 minute", rate: 1000 },
          ],
          arrivals: "poisson",
          connections: 10,
        }),
      ],
      [
        "  load       1 connection, a new one for each request, closed model, 40.5 ms",
        "  load       2 connections, pipelining 4, keep-alive, closed model, 40.5 ms",
        "  load       100/s in 30.0 s, 1,000/s in 1m 00s, poisson arrivals, up to 10 connections, keep-alive, open model, 40.5 ms",
      ],
    )
  })

  it("uses colours only when it may", () => {
    for (const one of [report, failing, dead, open]) {
      const plain = Summary.render(one, false)
      const colored = Summary.render(one, true)
      assert.notInclude(plain, "\u001B")
      assert.include(colored, "\u001B[")
      assert.strictEqual(Text.plain(colored), plain)
    }
  })

  it("shows service time beside latency when requests are pipelined", () => {
    const piped = { ...report, service: latency, plan: plan({ url: "http://a/", pipelining: 2 }) }
    assert.include(Summary.render(piped, false), "latency   service\n")
  })
})
