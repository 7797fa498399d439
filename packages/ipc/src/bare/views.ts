/** The classes that look at the bytes of an `ArrayBuffer`. */

type ViewConstructor = new (
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => NodeJS.ArrayBufferView

/** By its place here a view's class travels as a number. */
export const views: Array<ViewConstructor & { readonly BYTES_PER_ELEMENT?: number }> = [
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
]

/** A Buffer is a class of its own. */
export const bufferKind = views.length

// Not every Node that we run on has it.
if ("Float16Array" in globalThis) views[bufferKind + 1] = globalThis.Float16Array
