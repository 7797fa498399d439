import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Chart from "../../src/cli/render/Chart.ts"
import * as Text from "../../src/cli/render/Text.ts"
import * as Secrets from "../../src/cli/secrets.ts"

describe("Text", () => {
  it.each([
    [0, "0.00 ms"],
    [1.234, "1.23 ms"],
    [12.34, "12.3 ms"],
    [123.4, "123 ms"],
    [1234, "1.23 s"],
    [12_340, "12.3 s"],
    [61_000, "1m 01s"],
    [3_660_000, "1h 01m"],
  ])("writes %s ms as %s", (time, text) => {
    assert.strictEqual(Text.ms(time), text)
  })

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [999_999, "1 MB"],
    [1_234_567, "1.23 MB"],
    [5e15, "5,000 TB"],
  ])("writes %s bytes as %s", (count, text) => {
    assert.strictEqual(Text.bytes(count), text)
  })

  it.each([
    [0, 0, "0 %"],
    [1, 3, "33.3 %"],
    [1, 1_000_000, "<0.1 %"],
    [999_999, 1_000_000, ">99.9 %"],
    [3, 3, "100.0 %"],
  ])("writes %s of %s as %s", (part, all, text) => {
    assert.strictEqual(Text.percent(part, all), text)
  })

  it("cuts a line to what is seen of it, colours whole", () => {
    const { bad } = Text.style(true)
    assert.strictEqual(Text.fit(`ab${bad("cdef")}`, 4), "ab\u001B[31mcd\u001B[0m")
    assert.strictEqual(Text.fit(bad("ab"), 2), bad("ab"))
    assert.strictEqual(Text.fit("abc", 0), "")
  })

  it.prop(
    "never leaves a line wider than it may be",
    { text: Schema.String, width: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })) },
    ({ text, width }) => {
      const fitted = Text.fit(Text.style(true).bad(Text.printable(text)), width)
      assert.isAtMost(Text.plain(fitted).length, Math.max(width, 0) * 2)
    },
  )
})

describe("Chart", () => {
  it("draws bars to an eighth, and something for what is there at all", () => {
    assert.deepStrictEqual(
      [Chart.bar(1, 1, 3), Chart.bar(1, 2, 3), Chart.bar(0, 2, 3), Chart.bar(1, 10_000, 3)],
      ["███", "█▌", "", "▏"],
    )
  })

  it("draws the last columns, the highest line first", () => {
    assert.deepStrictEqual(Chart.columns([9, 0, 4, 8, null, 2], 8, 5, 2), ["  █", "▁██ ▄"])
    assert.deepStrictEqual(Chart.columns([], 0, 5, 2), ["", ""])
    assert.deepStrictEqual(Chart.columns([0, 0], 0, 5, 1), ["▁▁"])
  })

  it("draws progress", () => {
    assert.deepStrictEqual(
      [-1, 0, 0.5, 1, 2].map((share) => Chart.progress(share, 4)),
      ["░░░░", "░░░░", "██░░", "████", "████"],
    )
  })
})

describe("secrets", () => {
  it.each([
    ["http://user:secret@host/", "http://user:***@host/"],
    ['x "https://u:p@ss@host:80/a?b=c@d" y', 'x "https://u:***@host:80/a?b=c@d" y'],
    ["http://host:3000/a@b", "http://host:3000/a@b"],
    ["http://user@host/", "http://user@host/"],
    ["http://host:80?x=@", "http://host:80?x=@"],
    ["http://:secret@host/", "http://:***@host/"],
    ['{"a":"http://h:80","b":"me@x"}', '{"a":"http://h:80","b":"me@x"}'],
    ["http://a:b@c/ http://d:e@f/", "http://a:***@c/ http://d:***@f/"],
  ])("masks the password of %s", (text, masked) => {
    assert.strictEqual(Secrets.mask(text), masked)
  })
})
