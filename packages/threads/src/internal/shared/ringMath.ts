/**
 * The arithmetic of a ring: positions count bytes for ever, modulo 2^32, and a power of two as capacity
 * makes the place of a position its low bits. A message is one word of length and its bytes, filled up
 * to whole words, so that a length never wraps around.
 */

/** Words before the data. Those that different threads write lie on different cache lines. */
export const HEADER_WORDS = 80
export const LENGTH_BYTES = 4
export const MAX_CAPACITY = 2 ** 30

/** The smallest power of two that holds so many bytes, at least 16. */
export const capacityFor = (bytes: number): number => {
  let capacity = 16
  while (capacity < bytes) capacity *= 2
  return capacity
}

/** What a message of so many bytes takes. */
export const frameBytes = (length: number): number => LENGTH_BYTES + ((length + 3) & ~3)

/** The largest message that fits. */
export const maxMessage = (capacity: number): number => capacity - LENGTH_BYTES

/** Bytes between the reader's position and the writer's. */
export const used = (head: number, tail: number): number => (tail - head) >>> 0

/** The position after `bytes` more, as the signed word that holds it. */
export const advance = (position: number, bytes: number): number => (position + bytes) | 0

/** Where a position lies in the data. */
export const placeOf = (position: number, capacity: number): number => position & (capacity - 1)

/** How many of `length` bytes from `place` on lie before the end of the data; the others begin it. */
export const beforeEnd = (place: number, length: number, capacity: number): number =>
  Math.min(length, capacity - place)
