/**
 * Typed arrays over shared memory: all threads see the same numbers, and nothing is copied. Plain reads
 * and writes are not atomic: give each thread a part of its own (`Parallel`), guard them with a
 * `SharedMutex`, or use `Atomics`. It starts and stops nothing.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

import { checkWhole } from "./internal/shared/Handle.ts"

/**
 * The arrays by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arrays {
  readonly Int8Array: Int8Array<SharedArrayBuffer>
  readonly Uint8Array: Uint8Array<SharedArrayBuffer>
  readonly Uint8ClampedArray: Uint8ClampedArray<SharedArrayBuffer>
  readonly Int16Array: Int16Array<SharedArrayBuffer>
  readonly Uint16Array: Uint16Array<SharedArrayBuffer>
  readonly Int32Array: Int32Array<SharedArrayBuffer>
  readonly Uint32Array: Uint32Array<SharedArrayBuffer>
  readonly Float32Array: Float32Array<SharedArrayBuffer>
  readonly Float64Array: Float64Array<SharedArrayBuffer>
  readonly BigInt64Array: BigInt64Array<SharedArrayBuffer>
  readonly BigUint64Array: BigUint64Array<SharedArrayBuffer>
}

interface ClassOf<A> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: SharedArrayBuffer): A
}

const classes: { readonly [Name in keyof Arrays]: ClassOf<Arrays[Name]> } = {
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
}

/**
 * An array of zeros in new shared memory.
 *
 * @param length how many numbers, from 0
 * @category constructors
 * @since 0.1.0
 */
export const make = <Name extends keyof Arrays>(name: Name, length: number): Arrays[Name] => {
  const Class = classes[name]
  checkWhole("length", length, 0, Math.floor(2 ** 32 / Class.BYTES_PER_ELEMENT))
  return new Class(new SharedArrayBuffer(length * Class.BYTES_PER_ELEMENT))
}

/**
 * Such an array, or a part of one, in a task's payload or result. It crosses by reference, between
 * threads of one process only; an array over memory that is not shared is refused.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = <Name extends keyof Arrays>(name: Name): Schema.declare<Arrays[Name]> =>
  Schema.declare<Arrays[Name]>(
    (value): value is Arrays[Name] =>
      value instanceof classes[name] && value.buffer instanceof SharedArrayBuffer,
    { expected: `${name} over a SharedArrayBuffer` },
  )
