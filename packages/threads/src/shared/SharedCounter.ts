/**
 * A whole number that threads share: eight bytes of shared memory, changed with `Atomics`, so no
 * update is lost however many threads add at once. It starts and stops nothing.
 *
 * @since 0.1.0
 */

/**
 * A counter. Send it in a task's payload with `SharedCounter.schema`: the thread gets a counter
 * over the same memory.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedCounter {
  /** Eight bytes that hold the value as one 64-bit integer. */
  readonly buffer: SharedArrayBuffer
}

const views = new WeakMap<SharedArrayBuffer, BigInt64Array>()

const cell = ({ buffer }: SharedCounter): BigInt64Array => {
  const seen = views.get(buffer)
  if (seen !== undefined) return seen
  const view = new BigInt64Array(buffer)
  views.set(buffer, view)
  return view
}

/**
 * A counter in new shared memory.
 *
 * @param initial a safe integer. Default 0.
 * @category constructors
 * @since 0.1.0
 */
export const make = (initial = 0): SharedCounter => {
  const counter = { buffer: new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT) }
  Atomics.store(cell(counter), 0, BigInt(initial))
  return counter
}

/**
 * The value now.
 *
 * @category getters
 * @since 0.1.0
 */
export const get = (self: SharedCounter): number => Number(Atomics.load(cell(self), 0))

/**
 * Add `amount`, a safe integer that may be negative, and return the value after it. Wraps beyond
 * 64 bits; a value beyond `Number.MAX_SAFE_INTEGER` is rounded when it is read.
 *
 * @category operations
 * @since 0.1.0
 */
export const add = (self: SharedCounter, amount: number): number => {
  const delta = BigInt(amount)
  return Number(BigInt.asIntN(64, Atomics.add(cell(self), 0, delta) + delta))
}

/**
 * Add one and return the value after it.
 *
 * @category operations
 * @since 0.1.0
 */
export const increment = (self: SharedCounter): number => add(self, 1)
