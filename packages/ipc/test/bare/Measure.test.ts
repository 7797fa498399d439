import { createSecretKey } from "node:crypto"
import { isDeepStrictEqual } from "node:util"

import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"

import { Measure } from "../../src/bare/Measure.ts"
import * as Generated from "../fixtures/generated.ts"

const look = (value: unknown): Measure => {
  const measure = new Measure()
  measure.of(value, new Set())
  return measure
}

const Seed = Arbitrary.schema(Schema.Int)
const Size = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })))

/** Deeply equal, and of the same classes and identities as after a structured clone. */
const sameAsCloned = (value: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(value)), structuredClone(value))

describe("Measure", () => {
  it.prop(
    "what it takes for text is what JSON carries unchanged",
    [Seed, Size],
    ([seed, size]) => {
      const value = Generated.value(Generated.random(seed), size)
      if (look(value).isText) assert.isTrue(sameAsCloned(value))
    },
    { arbitrary: { runs: 500 } },
  )

  it("plain values are text", () => {
    for (const value of [
      null,
      true,
      0,
      -1.5,
      "",
      "\ud800 alone, and \u2028",
      [],
      [1, [2, ["x"]]],
      { a: { b: [null] }, ["__proto__"]: 1 },
      { ["__proto__"]: null, n: 1 },
    ]) {
      assert.isTrue(look(value).isText, JSON.stringify(value))
      assert.isTrue(sameAsCloned(value), JSON.stringify(value))
    }
  })

  it("what JSON would lose or change is not", () => {
    const twice = { n: 1 }
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    const values: ReadonlyArray<unknown> = [
      undefined,
      { a: undefined },
      [undefined],
      // oxlint-disable-next-line no-sparse-arrays
      [1, , 2],
      Object.assign([1], { index: 3 }),
      -0,
      Number.NaN,
      Infinity,
      1n,
      new Date(0),
      new Map(),
      new Set(),
      new Uint8Array(1),
      new ArrayBuffer(1),
      /x/,
      new Error("x"),
      new URL("http://a/"),
      Object.create({ n: 1 }),
      Object(1),
      () => {},
      { toJSON: () => 1 },
      [twice, twice],
      cycle,
      "x".repeat(20_000),
      Array.from({ length: 17 }, () => 1),
      Array.from({ length: 8 }, () => Array.from({ length: 9 }, () => 1)),
    ]
    for (const value of values) assert.isFalse(look([value]).isText, String(value))
  })

  it("says when it has not looked at everything", () => {
    const deep = (n: number): unknown => (n === 0 ? 1 : { deep: deep(n - 1) })
    assert.isTrue(look(deep(60)).isWhole)
    assert.isFalse(look(deep(64)).isWhole)
    assert.isTrue(look(Array.from({ length: 16 }, () => 1)).isWhole)
    assert.isFalse(look(new Set(Array.from({ length: 17 }, (_, i) => i))).isWhole)
  })

  it("collects the objects inside, memory of views included, but not a list that was made for it", () => {
    const bytes = new Uint8Array(3)
    const value = { bytes, list: [1] }
    const measure = new Measure()
    const known = new Set<object>()
    measure.ofParts([1, value], known)
    assert.deepStrictEqual([...known], [value, bytes, bytes.buffer, value.list])
    assert.isFalse(measure.isShared)
    measure.of([2], known)
    assert.isFalse(measure.isShared)
    for (const shared of [bytes, new Uint8Array(bytes.buffer), [value.list], { value }]) {
      measure.of(shared, known)
      assert.isTrue(measure.isShared)
    }
    measure.of([bytes, bytes], new Set())
    assert.isTrue(measure.isShared)
  })

  it("names what Node copies between threads only", () => {
    assert.strictEqual(look([{ blob: new Blob(["x"]) }]).native, "Blob")
    assert.strictEqual(look(createSecretKey(Buffer.from("x"))).native, "SecretKeyObject")
    assert.isUndefined(look([new Map(), new Date(), new Error("x"), {}]).native)
  })

  it("a getter that throws makes no text of it", () => {
    const value = {
      get broken() {
        throw new Error("no")
      },
    }
    const measure = look([value])
    assert.isFalse(measure.isText)
    assert.isFalse(measure.isWhole)
  })
})
