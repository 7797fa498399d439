/**
 * Reads the frames of a stream (`Frame`) from chunks that end anywhere. Knows nothing of sockets.
 *
 * @since 0.1.0
 */
import { Filling } from "./Filling.ts"
import { header, maxBuffers, maxTextBytes, maxValueBytes, preamble, textBit } from "./Frame.ts"
import { deserialize } from "./Value.ts"

/** A stream that is not one of ours, a frame over the limit, or one that holds no value. */
export class FramingLost extends Error {
  override readonly name = "FramingLost"
}

/** What stands in front of a frame. */
interface Head {
  readonly isText: boolean
  /** Bytes of the value. */
  readonly value: number
  /** Bytes of each buffer. */
  readonly lengths: ReadonlyArray<number>
  /** Bytes of all of it, itself included. */
  readonly total: number
}

const noHead: Head = { isText: false, value: 0, lengths: [], total: 0 }

const nothing = Buffer.alloc(0)

/** What comes next in the stream. */
type Part = "preamble" | "head" | "lengths" | "value" | "buffer"

/**
 * Reads frames from chunks that end anywhere. Holds at most one unfinished frame; sets aside no more
 * than a mebibyte, or four times what has arrived of a buffer.
 *
 * `push` throws `FramingLost`; after that the stream cannot be read any further.
 */
export class Decoder {
  private part: Part = "preamble"
  /** Bytes of the part. */
  private need = preamble.byteLength
  /** A part that has begun to arrive, or is to have memory of its own. */
  private filling: Filling | undefined
  private head = noHead
  /** The value of a frame whose buffers have not arrived. */
  private value = nothing
  private buffers: Array<Uint8Array> = []
  private readonly limit: number
  private readonly onValue: (value: unknown, bytes: number) => void

  constructor(limit: number, onValue: (value: unknown, bytes: number) => void) {
    this.limit = limit
    this.onValue = onValue
  }

  /** Read a chunk; its memory is the caller's again afterwards. */
  push(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk)
    let at = 0
    while (at < bytes.byteLength) {
      const isHere = bytes.byteLength - at >= this.need
      if (isHere && this.filling === undefined && this.part !== "buffer") {
        const from = at
        at += this.need
        this.take(bytes, from)
      } else {
        this.filling ??= new Filling(this.need)
        at += this.filling.take(bytes, at)
        this.takeFilled()
      }
    }
  }

  /** Where the next bytes of a buffer may be written, instead of being pushed; then say `filled`. */
  get room(): Uint8Array | undefined {
    return this.part === "buffer" ? this.filling?.room : undefined
  }

  filled(count: number): void {
    this.filling?.filled(count)
    this.takeFilled()
  }

  private takeFilled(): void {
    if (this.filling?.isFull !== true) return
    const { bytes } = this.filling
    this.filling = undefined
    this.take(asBuffer(bytes), 0)
  }

  private expect(part: Part, need: number): void {
    this.part = part
    this.need = need
  }

  /** The part stands complete in `bytes`, from there on. */
  private take(bytes: Buffer, from: number): void {
    switch (this.part) {
      case "preamble":
        if (!bytes.subarray(from, from + this.need).equals(preamble)) {
          throw new FramingLost("the stream does not begin as one of ours")
        }
        return this.expect("head", header)
      case "head":
        return this.takeHead(bytes.readUInt32LE(from), bytes.readUInt32LE(from + 4))
      case "lengths":
        return this.takeLengths(bytes, from)
      case "value":
        return this.takeValue(bytes, from)
      case "buffer":
        this.buffers.push(bytes)
        return this.expectBuffer()
    }
  }

  private takeHead(word: number, count: number): void {
    const isText = word >= textBit
    const value = isText ? word - textBit : word
    if (count > (isText ? 0 : maxBuffers)) throw new FramingLost(`a frame with ${count} buffers`)
    const start = header + 4 * count
    const most = isText ? maxTextBytes : maxValueBytes
    if (value > most || start + value > this.limit) {
      throw new FramingLost(`a value over ${Math.min(most, this.limit)} bytes`)
    }
    this.head = { isText, value, lengths: [], total: start + value }
    if (count > 0) this.expect("lengths", 4 * count)
    else this.expectValue()
  }

  private takeLengths(bytes: Buffer, from: number): void {
    const lengths = Array.from({ length: this.need / 4 }, (_, i) =>
      bytes.readUInt32LE(from + 4 * i),
    )
    let { total } = this.head
    for (const length of lengths) total += length
    if (total > this.limit) throw new FramingLost(`a frame over ${this.limit} bytes`)
    this.head = { ...this.head, lengths, total }
    this.expectValue()
  }

  private expectValue(): void {
    this.expect("value", this.head.value)
    if (this.need === 0) this.takeValue(nothing, 0)
  }

  private takeValue(bytes: Buffer, from: number): void {
    const { head, need } = this
    if (head.lengths.length > 0) {
      // It waits for its buffers, and the chunk is not ours.
      this.value = Buffer.from(bytes.subarray(from, from + need))
      return this.expectBuffer()
    }
    this.expect("head", header)
    const value = head.isText
      ? parse(bytes.toString("utf8", from, from + need))
      : read(bytes.subarray(from, from + need), [])
    this.onValue(value, head.total)
  }

  private expectBuffer(): void {
    const { buffers, head, value } = this
    const { lengths } = head
    while (lengths[buffers.length] === 0) buffers.push(nothing)
    const next = lengths[buffers.length]
    if (next !== undefined) return this.expect("buffer", next)
    this.buffers = []
    this.value = nothing
    this.expect("head", header)
    this.onValue(read(value, buffers), head.total)
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const noValue = (cause: unknown): FramingLost => {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new FramingLost(`a frame that holds no value: ${why}`, { cause })
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw noValue(cause)
  }
}

const read = (value: Buffer, buffers: ReadonlyArray<Uint8Array>): unknown => {
  try {
    return deserialize(value, buffers)
  } catch (cause) {
    throw noValue(cause)
  }
}
