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
import * as v8 from "node:v8"

import { Filling } from "./Filling.ts"
import { bufferKind, views } from "./views.ts"

/** The first bytes of a stream: four letters and the version of the layout. */
export const preamble: Buffer = Buffer.from([0x4d, 0x4e, 0x59, 0x43, 0, 0, 0, 2])

/** A view of at least so many bytes goes behind the value instead of into it. */
const outOfBand = 16 * 1024

/** No frame has more buffers: a larger number is garbage. */
const maxBuffers = 65_536

/**
 * The value itself, without the buffers behind it, may take so many bytes: in a heap it takes up to
 * seventy times as much (an empty Map is three bytes here), and a peer must not fill ours.
 */
export const maxValueBytes = 16 * 1024 * 1024

/** A text is never longer. Senders use text for much less. */
const maxTextBytes = 1024 * 1024

const textBit = 2 ** 31

const header = 8

const emptyHeader = Buffer.alloc(header)

const kindOf = (view: NodeJS.ArrayBufferView): number => {
  if (Buffer.isBuffer(view)) return bufferKind
  const kind = views.findIndex((constructor) => view instanceof constructor)
  if (kind === -1) throw new TypeError(`cannot send a ${view.constructor.name}`)
  return kind
}

const toBytes = (view: NodeJS.ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/** The value that `kind` names over memory of its own. */
const toView = (kind: number, bytes: Uint8Array): NodeJS.ArrayBufferView => {
  if (kind === bufferKind) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const View = views[kind]
  if (View === undefined) throw new RangeError(`no view of kind ${kind}`)
  const size = View.BYTES_PER_ELEMENT ?? 1
  if (bytes.byteLength % size !== 0) throw new RangeError("a view that ends inside of an element")
  return new View(bytes.buffer, bytes.byteOffset, bytes.byteLength / size)
}

class Serializer extends v8.Serializer {
  readonly buffers: Array<Uint8Array> = []

  constructor() {
    super()
    // @ts-expect-error not in the types: ask _writeHostObject for every view
    this._setTreatArrayBufferViewsAsHostObjects(true)
  }

  /** V8 asks this for every typed array, Buffer and DataView. */
  _writeHostObject(view: NodeJS.ArrayBufferView): void {
    if (!ArrayBuffer.isView(view)) throw new TypeError("cannot send a native object")
    if (view.buffer instanceof SharedArrayBuffer) {
      throw new TypeError("shared memory cannot leave its process")
    }
    this.writeUint32(kindOf(view))
    this.writeUint32(view.byteLength)
    const bytes = toBytes(view)
    if (view.byteLength >= outOfBand) this.buffers.push(bytes)
    else this.writeRawBytes(bytes)
  }
}

// V8 calls this for what it cannot copy; without it the message is about an unknown host object.
Object.assign(Serializer.prototype, { _getDataCloneError: TypeError })

class Deserializer extends v8.Deserializer {
  buffers: ReadonlyArray<Uint8Array> = []
  next = 0

  _readHostObject(): NodeJS.ArrayBufferView {
    const kind = this.readUint32()
    const length = this.readUint32()
    if (length < outOfBand) {
      // A copy: the value must not keep the whole frame alive, and needs its own alignment.
      return toView(kind, Uint8Array.from(this.readRawBytes(length)))
    }
    const bytes = this.buffers[this.next++]
    if (bytes?.byteLength !== length) throw new RangeError("a view without its buffer")
    return toView(kind, bytes)
  }
}

/**
 * The bytes of one frame, in pieces that are to be written one after the other. Large buffers are
 * among them as they are: do not change them until they are written.
 *
 * Throws for what cannot be copied, such as a function or shared memory.
 */
export const encode = (value: unknown): ReadonlyArray<Uint8Array> => {
  const serializer = new Serializer()
  // Room for the header in front, so that a small frame is one piece.
  serializer.writeRawBytes(emptyHeader)
  serializer.writeHeader()
  serializer.writeValue(value)
  const body = serializer.releaseBuffer()
  const { buffers } = serializer
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
      : deserialize(bytes.subarray(from, from + need), [])
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
    this.onValue(deserialize(value, buffers), head.total)
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

const deserialize = (value: Buffer, buffers: ReadonlyArray<Uint8Array>): unknown => {
  try {
    const deserializer = new Deserializer(value)
    deserializer.buffers = buffers
    if (!deserializer.readHeader()) throw new RangeError("not in the format of V8")
    return deserializer.readValue()
  } catch (cause) {
    throw noValue(cause)
  }
}
