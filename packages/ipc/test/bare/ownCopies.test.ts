import { describe, expect, it } from "vitest"

import { large, ownCopies } from "../../src/bare/ownCopies.ts"

const bytes = (length = large) => Uint8Array.from({ length }, (_, i) => i * 7)

describe("copies of our own", () => {
  it("take the place of large views, wherever lists and plain objects hold them", () => {
    const view = bytes()
    const message = [1, "Put", { name: "a", parts: [{ bytes: view }] }]
    const { body, transfer } = ownCopies(message)
    expect(body).toStrictEqual(message)
    expect(transfer).toHaveLength(1)
    const sent = structuredClone(body, { transfer: [...transfer] })
    expect(sent).toStrictEqual(message)
    // The sender keeps what is its own.
    expect(view.byteLength).toBe(large)
    expect(message).toStrictEqual([1, "Put", { name: "a", parts: [{ bytes: bytes() }] }])
  })

  it.each([
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ])("keep the class %o, and hold the bytes of the view alone", (View) => {
    const size = "BYTES_PER_ELEMENT" in View ? View.BYTES_PER_ELEMENT : 1
    const view: unknown = Reflect.construct(View, [bytes(large + 16).buffer, 8, large / size])
    if (!ArrayBuffer.isView(view)) throw new Error("no view")
    const { body } = ownCopies(view)
    expect(body).toBeInstanceOf(View)
    if (!ArrayBuffer.isView(body)) throw new Error("no view")
    expect(body.buffer.byteLength).toBe(large)
    expect(Buffer.from(body.buffer).equals(Buffer.from(view.buffer, 8, large))).toBe(true)
  })

  it("leave the rest to structured clone", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(large))
    const resizable = new Uint8Array(new ArrayBuffer(large, { maxByteLength: 2 * large }))
    const given = bytes()
    const withHoles = [bytes()]
    withHoles[2] = bytes()
    for (const value of [shared, resizable, bytes(large - 1), new Map([[1, bytes()]]), withHoles]) {
      expect(ownCopies({ value })).toStrictEqual({ body: { value }, transfer: [] })
    }
    // What the caller moves is moved.
    const { body, transfer } = ownCopies({ given }, [given.buffer])
    expect(body).toStrictEqual({ given })
    expect(transfer).toStrictEqual([given.buffer])
  })
})
