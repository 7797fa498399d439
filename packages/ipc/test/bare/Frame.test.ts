import { isDeepStrictEqual, inspect } from "node:util"
import * as v8 from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"

import { Decoder, FramingLost } from "../../src/bare/Decoder.ts"
import { byteLength, encode, encodeText, maxValueBytes, preamble } from "../../src/bare/Frame.ts"
import * as Generated from "../fixtures/generated.ts"

const limit = 64 * 1024 * 1024

v8.setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** Bytes that this thread holds, of any kind. */
const held = () => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const frame = (value: unknown): Buffer => Buffer.concat(encode(value))

/** All values that come out of a stream that arrives in these chunks. */
const decode = (chunks: Iterable<Uint8Array>, most = limit): Array<unknown> => {
  const values: Array<unknown> = []
  const decoder = new Decoder(most, (value) => values.push(value))
  for (const chunk of chunks) decoder.push(chunk)
  return values
}

const print = (value: unknown) => inspect(value, { depth: 9, maxArrayLength: 9 })

const assertSame = (actual: unknown, expected: unknown): void => {
  assert.isTrue(
    isDeepStrictEqual(actual, expected),
    `${print(actual)}\n is not\n${print(expected)}`,
  )
}

/** Every view inside of a value. */
const viewsOf = function* (value: unknown): Generator<ArrayBufferView> {
  if (ArrayBuffer.isView(value)) yield value
  else if (value instanceof Map) {
    for (const [key, part] of value) {
      yield* viewsOf(key)
      yield* viewsOf(part)
    }
  } else if (value instanceof Set || Array.isArray(value)) {
    for (const part of value) yield* viewsOf(part)
  } else if (value instanceof Error) yield* viewsOf(value.cause)
  else if (typeof value === "object" && value !== null) yield* viewsOf(Object.values(value))
}

/** The same bytes, cut at random. */
const cut = (next: Generated.Next, bytes: Uint8Array): Array<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let from = 0; from < bytes.byteLength;) {
    const to = from + 1 + Generated.below(next, 2 ** Generated.below(next, 21))
    // A copy: what a socket gives is at any offset of its own memory.
    chunks.push(Buffer.concat([Buffer.alloc(1), bytes.subarray(from, to)]).subarray(1))
    from = to
  }
  return chunks
}

const Seed = Arbitrary.schema(Schema.Int)
const Size = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })))

const u32 = (...numbers: ReadonlyArray<number>): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [i, n] of numbers.entries()) bytes.writeUInt32LE(n, 4 * i)
  return bytes
}

const framingLost = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    assert.instanceOf(error, FramingLost)
    return error.message
  }
  return assert.fail("FramingLost is not thrown")
}

describe("Frame", () => {
  it.prop(
    "what was encoded arrives unchanged, wherever the stream is cut",
    [Seed, Size],
    ([seed, size]) => {
      const next = Generated.random(seed)
      const values = [Generated.value(next, size), Generated.value(next, 1 + (size >> 2))]
      const stream = Buffer.concat([preamble, ...values.flatMap(encode)])
      assertSame(decode(cut(next, stream)), values)
    },
    { arbitrary: { runs: 200 } },
  )

  it("every view arrives in memory of its own, aligned", () => {
    for (let seed = 0; seed < 300; seed++) {
      const sent = Generated.view(Generated.random(seed))
      const [got] = decode([preamble, Buffer.from([0]).subarray(1), frame(["x", sent])])
      assertSame(got, ["x", sent])
      for (const view of viewsOf(got)) {
        assert.strictEqual(view.byteOffset, 0)
        assert.strictEqual(view.buffer.byteLength, view.byteLength)
      }
    }
  })

  it("a stream may be cut at every byte", () => {
    const value = { map: new Map([[1n, new Set([-0])]]), bytes: Buffer.from("abc") }
    const large = new Float64Array(4096).fill(Math.PI)
    const stream = Buffer.concat([preamble, frame(value), frame([large]), frame("end")])
    for (let at = 0; at <= stream.byteLength; at += at > 200 ? 97 : 1) {
      assertSame(decode([stream.subarray(0, at), stream.subarray(at)]), [value, [large], "end"])
    }
    const single = Array.from(stream, (_, i) => stream.subarray(i, i + 1))
    assert.deepStrictEqual(decode(single), [value, [large], "end"])
  })

  it("several frames of one chunk are told one by one, with their lengths", () => {
    const values = [1, "two", [3], new Uint8Array(100_000), null]
    const frames = values.map(frame)
    const told: Array<readonly [unknown, number]> = []
    const decoder = new Decoder(limit, (value, bytes) => told.push([value, bytes]))
    decoder.push(Buffer.concat([preamble, ...frames]))
    assert.deepStrictEqual(
      told,
      values.map((value, i) => [value, frames[i]?.byteLength ?? 0] as const),
    )
  })

  it("a small view of a large buffer takes nothing else of that buffer along", () => {
    const secret = Buffer.from("the password of somebody else, in the same pool")
    const small = Buffer.from("abc")
    assert.strictEqual(small.buffer, secret.buffer)
    const sent = frame({ small, view: new Uint8Array(new ArrayBuffer(100_000), 5, 3) })
    assert.isBelow(sent.byteLength, 200)
    assert.isFalse(sent.includes("password"))
  })

  it("a large view goes behind the value as it is, without a copy", () => {
    const large = new Uint16Array(50_000).subarray(3)
    const pieces = encode({ large })
    assert.isTrue(
      pieces.some(
        ({ buffer, byteOffset, byteLength }) =>
          buffer === large.buffer &&
          byteOffset === large.byteOffset &&
          byteLength === large.byteLength,
      ),
    )
    assert.strictEqual(byteLength(pieces), Buffer.concat(pieces).byteLength)
  })

  it("the same view twice, and a cycle, arrive as such", () => {
    const view = Generated.bytes(Generated.random(1), 20_000)
    const value: { views: unknown; self?: unknown } = { views: [view, view] }
    value.self = value
    const [got] = decode([preamble, frame(value)])
    assertSame(got, value)
    assert.isTrue(
      typeof got === "object" &&
        got !== null &&
        "views" in got &&
        Array.isArray(got.views) &&
        got.views[0] === got.views[1],
    )
  })

  it("functions, symbols, promises and shared memory are refused by the sender", () => {
    const shared = new SharedArrayBuffer(8)
    for (const value of [() => {}, Symbol("s"), Promise.resolve(), shared, new WeakMap()]) {
      assert.throws(() => encode({ value }), Error, /could not be cloned/)
    }
    assert.throws(() => encode([new Int32Array(shared)]), TypeError, /shared memory/)
  })

  it("another protocol is noticed at the eighth byte", () => {
    const http = Buffer.from("GET / HTTP/1.1\r\n\r\n")
    assert.deepStrictEqual(decode([http.subarray(0, 7)]), [])
    assert.include(
      framingLost(() => decode([http.subarray(0, 7), http.subarray(7)])),
      "begin",
    )
    const newer = Buffer.from(preamble)
    newer[7] = 3
    framingLost(() => decode([newer]))
  })

  it("a frame over the limit is refused by its length, before its content has arrived", () => {
    const before = process.memoryUsage().arrayBuffers
    const heads = [
      u32(2 ** 32 - 1, 0),
      u32(maxValueBytes + 1, 0),
      u32(10, 1, limit - 21),
      u32(10, 2, limit - 30, 5),
      u32(0, 3, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1),
      u32(0, 65_537),
      u32(0, 2 ** 32 - 1),
    ]
    for (const head of heads) framingLost(() => decode([preamble, head]))
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 1024 * 1024)
    // One byte less is a frame that one waits for.
    assert.deepStrictEqual(decode([preamble, u32(10, 1, limit - 22)]), [])
    assert.deepStrictEqual(decode([preamble, u32(maxValueBytes, 0)]), [])
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 1024 * 1024)
  })

  it("a frame of exactly the limit passes, one byte more does not", () => {
    const whole = frame("x".repeat(1000))
    assert.strictEqual(decode([preamble, whole], whole.byteLength).length, 1)
    framingLost(() => decode([preamble, whole], whole.byteLength - 1))
  })

  it("random frames throw nothing but FramingLost, and take little memory", () => {
    const next = Generated.random(3)
    let read = 0
    let fed = 0
    const before = held()
    let most = 0
    for (let run = 0; run < 4000; run++) {
      const body = Generated.bytes(next, Generated.below(next, 300))
      // Half of them begin as V8 values do, so that its reader sees the rest.
      if (run % 2 === 0) body.set([0xff, 0x0f].slice(0, body.byteLength))
      const count = Generated.below(next, 4) === 0 ? Generated.below(next, 3) : 0
      const lengths = Array.from({ length: count }, () => Generated.below(next, 50_000))
      const buffers = lengths.map((length) => Buffer.alloc(length))
      const stream = Buffer.concat([
        run % 50 === 0 ? Buffer.alloc(8, run) : preamble,
        u32(body.byteLength, count, ...lengths),
        body,
        ...buffers,
        Generated.bytes(next, 20),
      ])
      fed += stream.byteLength
      try {
        const decoder = new Decoder(limit, () => read++)
        for (const chunk of cut(next, stream)) decoder.push(chunk)
      } catch (error) {
        assert.instanceOf(error, FramingLost)
      }
      if (run % 500 === 499) most = Math.max(most, held() - before)
    }
    assert.isAbove(read, 0)
    assert.isBelow(most, fed + 32 * 1024 * 1024)
  })

  it("mutated frames throw nothing but FramingLost, and take little memory", () => {
    const next = Generated.random(4)
    let [read, lost] = [0, 0]
    const before = held()
    let most = 0
    for (let run = 0; run < 4000; run++) {
      const stream = Buffer.concat([
        preamble,
        frame(["@manycore/ipc:2", 100, 0, [0, 1, "name"], 1, Generated.value(next, 8, 2000)]),
        frame(Generated.value(next, 8, 2000)),
        encodeText(JSON.stringify(["@manycore/ipc:2", 100, 1, { id: run, text: "hello" }])),
      ])
      for (let i = Generated.below(next, 5); i >= 0; i--) {
        const at = 8 + Generated.below(next, stream.byteLength - 8)
        if (next() < 0.5) stream[at] = Generated.below(next, 256)
        else stream[at] = (stream[at] ?? 0) ^ (1 << Generated.below(next, 8))
      }
      const end = next() < 0.2 ? Generated.below(next, stream.byteLength) : stream.byteLength
      try {
        const decoder = new Decoder(limit, () => read++)
        for (const chunk of cut(next, stream.subarray(0, end))) decoder.push(chunk)
      } catch (error) {
        assert.instanceOf(error, FramingLost)
        lost++
      }
      if (run % 500 === 499) most = Math.max(most, held() - before)
    }
    assert.isAbove(read, 100)
    assert.isAbove(lost, 100)
    assert.isBelow(most, 32 * 1024 * 1024)
  })

  it("a frame that nests without end is FramingLost, and cannot be encoded either", () => {
    const depth = 200_000
    const body = Buffer.concat([Buffer.from([0xff, 0x0f]), Buffer.alloc(2 * depth, "A\u0001")])
    assert.include(
      framingLost(() => decode([preamble, u32(body.byteLength, 0), body])),
      "no value",
    )
    let nested: unknown = 1
    for (let i = 0; i < depth; i++) nested = [nested]
    assert.throws(() => encode(nested), Error)
  })

  it("an unfinished frame that arrives byte by byte takes no more memory than its bytes", () => {
    const decoder = new Decoder(limit, () => {})
    decoder.push(Buffer.concat([preamble, u32(10, 1, limit / 2)]))
    const before = held()
    const count = 400_000
    for (let i = 0; i < count; i++) decoder.push(Buffer.alloc(1))
    assert.isBelow(held() - before, 16 * count, "bytes held for the bytes fed")
    // Keep the decoder alive until here.
    decoder.push(Buffer.alloc(0))
  })

  it("text arrives as the value it stands for, wherever the stream is cut", () => {
    const values = [["mark", 1, { name: "Ada \u00e9 \u{1f600} \ud800" }], [null, -1.5, ""], {}]
    const frames = values.map((value) => encodeText(JSON.stringify(value)))
    const stream = Buffer.concat([preamble, ...frames, frame("end")])
    for (let at = 0; at <= stream.byteLength; at++) {
      assert.deepStrictEqual(decode([stream.subarray(0, at), stream.subarray(at)]), [
        ...values,
        "end",
      ])
    }
  })

  it("text that is no JSON, is too long or has buffers is FramingLost", () => {
    const bit = 2 ** 31
    for (const body of ["", "{", "nonsense", '["x",]', "\u0000"]) {
      const bytes = Buffer.from(body)
      const stream = [preamble, u32(bit + bytes.byteLength, 0), bytes]
      assert.include(
        framingLost(() => decode(stream)),
        "no value",
      )
    }
    for (const head of [u32(bit + 1024 * 1024 + 1, 0), u32(bit, 1, 4), u32(2 ** 32 - 1, 0)]) {
      framingLost(() => decode([preamble, head]))
    }
    const deep = encodeText(`${"[".repeat(500_000)}${"]".repeat(500_000)}`)
    try {
      decode([preamble, deep])
    } catch (error) {
      assert.instanceOf(error, FramingLost)
    }
  })

  it("an error of whoever gets the values is not taken for a broken stream", () => {
    const decoder = new Decoder(limit, () => {
      throw new RangeError("a bug of the listener")
    })
    assert.throws(() => decoder.push(Buffer.concat([preamble, frame(1)])), RangeError, "listener")
  })
})
