import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Live from "../../src/cli/live.ts"
import * as Screen from "../../src/cli/render/Screen.ts"
import * as Text from "../../src/cli/render/Text.ts"
import type { Snapshot } from "../../src/Snapshot.ts"
import { failing, latency, plan } from "../fixtures/reports.ts"

const now: Snapshot = {
  phase: "running",
  elapsed: 4000,
  progress: 0.4,
  requests: { sent: 1000, ok: 980, failed: 0, inFlight: 20 },
  rate: { asked: null, delivered: 245 },
  latency,
  statuses: { 200: 980 },
  errors: {},
  bytes: { sent: 0, received: 0 },
  recent: { at: 3000, span: 1000, sent: 250, answers: 240, failed: 0, p50: 2, p99: 40, max: 50 },
}

const tenSeconds = plan({ url: "http://127.0.0.1:3000/fast", connections: 20 })

const seen = (rates: ReadonlyArray<number>): Screen.History =>
  rates.reduce<Screen.History>(
    (history, answers, i) =>
      Screen.push(history, {
        ...now,
        recent: { at: i, span: 1000, sent: 0, answers, failed: 0, p50: 1, p99: 10 * i, max: 1 },
      }),
    [],
  )

const third = (phase: Snapshot["phase"]): string =>
  Screen.view(tenSeconds, [], { ...now, phase }, { columns: 80, rows: 24 }, false)[2] ?? ""

const left = (input: Parameters<typeof plan>[0], progress: number | null) =>
  Screen.timeLeft(plan(input), { ...now, progress })

describe("Screen", () => {
  it("shows progress with time left, moving charts, percentiles and counts", () => {
    const lines = Screen.view(
      tenSeconds,
      seen([100, 200, 400, 240]),
      now,
      { columns: 80, rows: 24 },
      false,
    )
    assert.strictEqual(
      `${lines.join("\n")}\n`,
      `GET http://127.0.0.1:3000/fast
20 connections, keep-alive, closed model
  ████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %  4 s, 6 s left

  requests/s    240 now, 245 on average
        400 ┤             ██████
            ┤             ██████▃▃▃▃▃▃
            ┤       ██████████████████
            ┤ ████████████████████████
  latency p99   40.0 ms now
    30.0 ms ┤                   ██████
            ┤             ▅▅▅▅▅▅██████
            ┤       ▃▃▃▃▃▃████████████
            ┤ ▁▁▁▁▁▁██████████████████

                p50       p90      p99    p99.9      max
  latency   2.50 ms   12.3 ms   1.23 s   1.30 s   1m 01s
  requests  1,000 sent, 980 ok, 0 failed, 20 in flight
`,
    )
  })

  it("shows errors by class, and no more of them than there is room for", () => {
    const lines = Screen.view(
      tenSeconds,
      [],
      { ...now, errors: failing.errors },
      { columns: 80, rows: 40 },
      false,
    )
    assert.deepStrictEqual(lines.slice(-2), [
      "  errors    100 status  503 Bad [2J",
      "             18 reset   read ECONNRESET",
    ])
  })

  it("says what phase it is in when nothing is counted or nothing is sent", () => {
    assert.include(third("warmup"), "warming up, nothing counts yet")
    assert.include(third("draining"), "waiting for the last answers")
  })

  it("knows the time left by the clock, by the requests, or not at all", () => {
    assert.deepStrictEqual(
      [
        left({ url: "http://a/", duration: "10 seconds" }, 0.4),
        left({ url: "http://a/", requests: 10 }, 0.5),
        left({ url: "http://a/", requests: 10, duration: "5 seconds" }, 0.5),
        left({ url: "http://a/", requests: 10 }, 0),
        left({ url: "http://a/", requests: 10 }, null),
      ],
      [6000, 4000, 1000, undefined, undefined],
    )
  })

  it("takes each interval once and forgets the oldest", () => {
    const once = Screen.push([], now)
    assert.deepStrictEqual(once, [{ at: 3000, rate: 240, p99: 40 }])
    assert.strictEqual(Screen.push(once, now), once)
    assert.strictEqual(Screen.push(once, { ...now, recent: null }), once)
    const long = seen(Array.from({ length: 2000 }, (_, i) => i))
    assert.lengthOf(long, 500)
    assert.strictEqual(long.at(-1)?.rate, 1999)
  })

  const Side = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))

  it.prop(
    "never draws more than the terminal has",
    { columns: Side, rows: Side, points: Side, failures: Schema.Boolean },
    ({ columns, failures, points, rows }) => {
      const lines = Screen.view(
        tenSeconds,
        seen(Array.from({ length: points }, (_, i) => i)),
        failures ? { ...now, errors: failing.errors } : now,
        { columns, rows },
        true,
      )
      assert.isAtMost(lines.length, Math.max(1, rows - 1))
      for (const line of lines) assert.isBelow(Text.plain(line).length, columns)
    },
  )

  it("is one line in a log", () => {
    assert.strictEqual(
      Screen.line(now),
      " 40 %  4 s  980 done  245 requests/s  p99 1.23 s  0 failed",
    )
    assert.strictEqual(
      Screen.line({ ...now, progress: null, latency: null, phase: "warmup", elapsed: 0 }),
      "0 s  980 done  245 requests/s  0 failed  warming up, nothing counts yet",
    )
  })
})

/** What a person sees who reads a terminal that got this text. */
const display = (text: string): ReadonlyArray<string> => {
  const lines: Array<string> = [""]
  let row = 0
  // oxlint-disable-next-line no-control-regex
  for (const [part] of Text.plain(text).matchAll(/\u001B\[\??\d*[A-Za-z]|[\s\S]/gu)) {
    if (part === "\n") lines[(row += 1)] ??= ""
    else if (part === "\r") lines[row] = ""
    else if (part === "\u001B[J") lines.length = row + 1
    else if (part.startsWith("\u001B[") && part.endsWith("A")) {
      row -= Number(part.slice(2, -1))
      lines[row] = ""
    } else if (!part.startsWith("\u001B")) {
      lines[row] = (lines[row] ?? "") + part
    }
    if (part === "\n") lines[row] = ""
  }
  return lines
}

const terminal = () => {
  const written: Array<string> = []
  return {
    written,
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text),
  }
}

describe("live", () => {
  it("draws each picture over the last, and leaves nothing but a cursor", () => {
    const fake = terminal()
    const screen = Live.screen(fake, tenSeconds, true)
    screen.draw({ ...now, errors: failing.errors })
    screen.draw(now)
    const shown = display(fake.written.join(""))
    assert.strictEqual(shown.filter((line) => line.includes("GET http")).length, 1)
    assert.isFalse(shown.some((line) => line.includes("errors")))
    screen.clear()
    screen.clear()
    assert.deepStrictEqual(display(fake.written.join("")), [""])
    const all = fake.written.join("")
    assert.strictEqual(all.split("\u001B[?25l").length, 2)
    assert.isTrue(all.endsWith("\u001B[?25h"))
  })

  it("begins anew on a terminal whose width has changed", () => {
    const fake = terminal()
    const screen = Live.screen(fake, tenSeconds, false)
    screen.draw(now)
    Object.assign(fake, { columns: 60 })
    screen.draw(now)
    screen.draw(now)
    assert.deepStrictEqual(
      fake.written.map((text) => text.startsWith("\u001B[H\u001B[J")),
      [false, true, false],
    )
  })

  it("begins anew on a terminal that lost rows, but not on one that has more", () => {
    const fake = terminal()
    const screen = Live.screen(fake, tenSeconds, false)
    for (const rows of [24, 40, 10, 10]) {
      Object.assign(fake, { rows })
      screen.draw(now)
    }
    assert.deepStrictEqual(
      fake.written.map((text) => text.startsWith("\u001B[H\u001B[J")),
      [false, false, true, false],
    )
  })

  it("shows no password", () => {
    const fake = terminal()
    Live.screen(fake, plan({ url: "http://user:secret@a/" }), false).draw(now)
    assert.notInclude(fake.written.join(""), "secret")
    assert.include(fake.written.join(""), "http://user:***@a/")
  })

  it.each([
    [{ duration: "1 second" }, 1000],
    [{ duration: "1 minute" }, 6000],
    [{ duration: "1 hour" }, 30_000],
    [{ requests: 5 }, 5000],
  ] as const)("writes a line now and then where there is no terminal: %j", (given, every) => {
    assert.strictEqual(Live.lineEvery(plan({ url: "http://a/", ...given })), every)
  })
})
