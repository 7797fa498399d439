import { assert, describe, it } from "@effect/vitest"
import { SharedArray } from "@manycore/threads"
import { Schema } from "effect"

describe("SharedArray", () => {
  it("is shared by what crosses to a thread, parts too", () => {
    const array = SharedArray.make("Float64Array", 4)
    const part = structuredClone(array.subarray(2))
    part[0] = 0.5
    assert.deepStrictEqual(Array.from(array), [0, 0, 0.5, 0])
  })

  it("its Schema takes shared arrays of that kind alone", () => {
    const is = Schema.is(SharedArray.schema("Int32Array"))
    assert.isTrue(is(SharedArray.make("Int32Array", 1)))
    assert.isTrue(is(SharedArray.make("Int32Array", 4).subarray(1, 2)))
    assert.isFalse(is(new Int32Array(1)))
    assert.isFalse(is(SharedArray.make("Uint32Array", 1)))
    assert.isFalse(is(new SharedArrayBuffer(4)))
  })

  it("refuses a length that makes no sense", () => {
    assert.throws(() => SharedArray.make("Int8Array", -1), /length is -1/)
    assert.throws(() => SharedArray.make("BigInt64Array", 2 ** 31), /length is 2147483648/)
  })
})
