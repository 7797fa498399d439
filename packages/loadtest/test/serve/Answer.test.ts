import { assert, describe, it } from "@effect/vitest"

import * as Answer from "../../src/internal/serve/Answer.ts"

const plain: Answer.Settings = {
  latency: { min: 0, max: 0 },
  slow: { share: 0, latency: 0 },
  status: 200,
  statuses: [],
  size: 2,
  framing: "length",
  faults: [],
  stall: undefined,
  concurrency: Infinity,
}

const ok: Answer.Answer = { latency: 0, status: 200, size: 2, framing: "length", fault: undefined }

const many = (settings: Partial<Answer.Settings>, from = 0): ReadonlyArray<Answer.Answer> =>
  Array.from({ length: 1000 }, (_, i) => Answer.decide({ ...plain, ...settings }, from + i))

describe("Answer", () => {
  it("is the plain one for every request when nothing else is chosen", () => {
    assert.deepStrictEqual(new Set(many({}).map((one) => JSON.stringify(one))).size, 1)
    assert.deepStrictEqual(Answer.decide(plain, 7), ok)
  })

  it.each([0, 1, 12_345, 1_000_000])(
    "takes its share of any 1000 requests, give or take two, from the %sth on",
    (from) => {
      const answers = many(
        {
          faults: [
            ["reset", 0.05],
            ["hang", 0.01],
          ],
          statuses: [[503, 0.1]],
          slow: { share: 0.02, latency: 900 },
        },
        from,
      )
      const count = (is: (answer: Answer.Answer) => boolean) => answers.filter(is).length
      assert.closeTo(
        count(({ fault }) => fault === "reset"),
        50,
        2,
      )
      assert.closeTo(
        count(({ fault }) => fault === "hang"),
        10,
        2,
      )
      assert.closeTo(
        count(({ status }) => status === 503),
        100,
        2,
      )
      assert.closeTo(
        count(({ latency }) => latency === 900),
        20,
        2,
      )
      // The choices are independent: a tenth of the resets, not all or none, would have been a 503.
      assert.closeTo(
        count(({ fault, status }) => fault === "reset" && status === 503),
        5,
        4,
      )
    },
  )

  it("spreads latencies evenly over their range", () => {
    const latencies = many({ latency: { min: 10, max: 20 } }).map(({ latency }) => latency)
    assert.isAtLeast(Math.min(...latencies), 10)
    assert.isBelow(Math.max(...latencies), 20)
    assert.closeTo(latencies.filter((one) => one < 15).length, 500, 3)
  })

  it("takes everything or nothing at shares of one and zero", () => {
    const resets = [0, 1].map(
      (share) =>
        many({ faults: [["reset", share]] }).filter(({ fault }) => fault === "reset").length,
    )
    assert.deepStrictEqual(resets, [0, 1000])
  })

  it.each<[string, Answer.Answer | string]>([
    ["/", ok],
    ["/?", ok],
    ["/?other=1", ok],
    [
      "/fast?latency=100ms&status=503&size=1k&framing=chunked&fault=drip",
      { latency: 100, status: 503, size: 1024, framing: "chunked", fault: "drip" },
    ],
    ["/?fault=none", ok],
    ["/?latency=soon", "latency must be a time such as 100ms, got soon"],
    ["/?status=99", "status must be from 200 to 999, got 99"],
    ["/?size=65m", "size must be from 0 to 64m, got 65m"],
    ["/?framing=x", "framing must be one of length, chunked, close, got x"],
    [
      "/?fault=x",
      "fault must be none or one of reset, truncate, close, hang, malformed, drip, got x",
    ],
  ])("reads what a request chooses: %s", (url, expected) => {
    assert.deepStrictEqual(Answer.override(ok, url), expected)
  })

  it("stands still in each stall, for requests that come and for answers that are due", () => {
    const stall = { every: 1000, duration: 300 }
    const due = Answer.clock({ stall, concurrency: Infinity })
    assert.deepStrictEqual(
      [
        due(0, 0), // No stall before the first `every`.
        due(999, 0),
        due(1000, 0),
        due(1299, 0),
        due(1300, 0),
        due(990, 20), // Begun in time, due in the stall.
        due(1100, 50), // Begun only when the stall is over.
        due(1990, 400),
        due(1250, 740), // Waits for one stall, is due in the next.
      ],
      [0, 999, 1300, 1300, 1300, 1300, 1350, 2390, 2300],
    )
    assert.strictEqual(Answer.clock(plain)(1100, 5), 1105)
  })

  it("works on so many at the same time, the others in line", () => {
    const due = Answer.clock({ stall: undefined, concurrency: 2 })
    assert.deepStrictEqual(
      [due(0, 100), due(10, 10), due(11, 10), due(12, 10), due(500, 10), due(500, 10), due(500, 1)],
      [100, 20, 30, 40, 510, 510, 511],
    )
  })

  it("begins none of those in line while it stands still", () => {
    const due = Answer.clock({ stall: { every: 1000, duration: 300 }, concurrency: 1 })
    assert.deepStrictEqual([due(900, 50), due(910, 60), due(920, 10)], [950, 1300, 1310])
  })
})
