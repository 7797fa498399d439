/**
 * What goes over a byte stream: one value after the other, each with its length in front, large
 * buffers behind it as they are. Owns the layout and the limit; knows nothing of sockets or of what
 * a value means. Free of Effect and synchronous.
 *
 * A frame, all numbers 32-bit little endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | length V of the value; the highest bit says that it is text |
 * | 4 | number B of buffers; 0 for text |
 * | 4 × B | their lengths |
 * | V | the value, in the format of V8's ValueSerializer; text is JSON in UTF-8 |
 * | sum | the buffers, one after the other |
 *
 * Text is for small plain values, which it carries several times as fast.
 *
 * A stream begins with `preamble`, so that whatever else writes to it is noticed at once.
 *
 * @since 0.1.0
 */
import { serialize } from "./Value.ts"

/** The first bytes of a stream: four letters and the version of the layout. */
export const preamble: Buffer = Buffer.from([0x4d, 0x4e, 0x59, 0x43, 0, 0, 0, 2])

/** No frame has more buffers: a larger number is garbage. */
export const maxBuffers = 65_536

/**
 * The value itself, without the buffers behind it, may take so many bytes: in a heap it takes up to
 * seventy times as much (an empty Map is three bytes here), and a peer must not fill ours.
 */
export const maxValueBytes = 16 * 1024 * 1024

/** A text is never longer. Senders use text for much less. */
export const maxTextBytes = 1024 * 1024

export const textBit = 2 ** 31

/** Bytes of the two numbers that every frame begins with. */
export const header = 8

const emptyHeader = Buffer.alloc(header)

/**
 * The bytes of one frame, in pieces that are to be written one after the other. Large buffers are
 * among them as they are: do not change them until they are written.
 *
 * Throws for what cannot be copied, such as a function or shared memory.
 */
export const encode = (value: unknown): ReadonlyArray<Uint8Array> => {
  // Room for the header in front, so that a small frame is one piece.
  const [body, buffers] = serialize(value, emptyHeader)
  const count = buffers.length
  if (count === 0) {
    body.writeUInt32LE(body.byteLength - header, 0)
    return [body]
  }
  const head = Buffer.allocUnsafe(header + 4 * count)
  head.writeUInt32LE(body.byteLength - header, 0)
  head.writeUInt32LE(count, 4)
  for (let i = 0; i < count; i++) {
    head.writeUInt32LE(buffers[i]?.byteLength ?? 0, header + 4 * i)
  }
  return [head, body.subarray(header), ...buffers]
}

/** The bytes of one frame that holds this JSON; shorter than a mebibyte. */
export const encodeText = (text: string): Buffer => {
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(header + length)
  frame.writeUInt32LE(textBit + length, 0)
  frame.writeUInt32LE(0, 4)
  frame.write(text, header)
  return frame
}

/** The sum of the pieces' lengths. */
export const byteLength = (pieces: ReadonlyArray<Uint8Array>): number => {
  let sum = 0
  for (const piece of pieces) sum += piece.byteLength
  return sum
}
