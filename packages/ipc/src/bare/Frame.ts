/**
 * What goes over a byte stream: one value after the other, each with its length in front, large
 * buffers behind it as they are. Owns the layout and the limit; knows nothing of sockets or of what
 * a value means. Free of Effect and synchronous.
 *
 * A frame, all numbers 32-bit little endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | length V of the serialized value |
 * | 4 | number B of buffers |
 * | 4 × B | their lengths |
 * | V | the value, in the format of V8's ValueSerializer |
 * | sum | the buffers, one after the other |
 *
 * A stream begins with `preamble`, so that whatever else writes to it is noticed at once.
 *
 * @since 0.1.0
 */
import * as v8 from "node:v8"

/** The first bytes of a stream: four letters and the version of the layout. */
export const preamble: Buffer = Buffer.from([0x4d, 0x4e, 0x59, 0x43, 0, 0, 0, 1])

/** A view of at least so many bytes goes behind the value instead of into it. */
const outOfBand = 16 * 1024

/** No frame has more buffers: a larger number is garbage. */
const maxBuffers = 65_536

/**
 * The value itself, without the buffers behind it, may take so many bytes: in a heap it takes up to
 * seventy times as much (an empty Map is three bytes here), and a peer must not fill ours.
 */
export const maxValueBytes = 16 * 1024 * 1024

const header = 8

const emptyHeader = Buffer.alloc(header)

type ViewConstructor = new (
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => NodeJS.ArrayBufferView

/** By this order a view's class travels as a number. */
const views: ReadonlyArray<ViewConstructor & { readonly BYTES_PER_ELEMENT?: number }> = [
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
const bufferKind = views.length

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

/**
 * Reads frames from chunks that end anywhere. Holds at most one unfinished frame, and never sets
 * aside more memory than has arrived.
 *
 * `push` throws `FramingLost`; after that the stream cannot be read any further.
 */
export class Decoder {
  private chunks: Array<Uint8Array> = []
  private held = 0
  /** So many bytes must be held before there is anything to do. */
  private wanted = preamble.byteLength
  private begun = false
  private readonly limit: number
  private readonly onValue: (value: unknown, bytes: number) => void

  constructor(limit: number, onValue: (value: unknown, bytes: number) => void) {
    this.limit = limit
    this.onValue = onValue
  }

  push(chunk: Uint8Array): void {
    this.held += chunk.byteLength
    // Many small chunks would weigh more than their bytes: equal neighbours become one.
    let last = chunk
    for (;;) {
      const before = this.chunks.at(-1)
      if (before === undefined || before.byteLength > Math.min(last.byteLength, 16_384)) break
      this.chunks.pop()
      last = Buffer.concat([before, last])
    }
    this.chunks.push(last)
    while (this.held >= this.wanted) if (!this.advance(this.join())) return
  }

  /** All that is held, in one piece. */
  private join(): Buffer {
    const [first] = this.chunks
    const whole =
      this.chunks.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.chunks, this.held)
    this.chunks = [whole]
    return whole
  }

  private keep(rest: Buffer): void {
    this.chunks = rest.byteLength === 0 ? [] : [rest]
    this.held = rest.byteLength
  }

  /** Take what stands complete at the front; false when more must arrive first. */
  private advance(bytes: Buffer): boolean {
    if (!this.begun) {
      if (!bytes.subarray(0, preamble.byteLength).equals(preamble)) {
        throw new FramingLost("the stream does not begin as one of ours")
      }
      this.begun = true
      this.wanted = header
      this.keep(bytes.subarray(preamble.byteLength))
      return true
    }
    const length = this.frameLength(bytes)
    if (length === undefined || bytes.byteLength < length) {
      this.wanted = length ?? header + 4 * bytes.readUInt32LE(4)
      return false
    }
    this.onValue(decodeFrame(bytes.subarray(0, length)), length)
    this.wanted = header
    this.keep(bytes.subarray(length))
    return true
  }

  /** How long the frame at the front is; undefined while its own header is not complete. */
  private frameLength(bytes: Buffer): number | undefined {
    const value = bytes.readUInt32LE(0)
    const count = bytes.readUInt32LE(4)
    if (count > maxBuffers) throw new FramingLost(`a frame with ${count} buffers`)
    const start = header + 4 * count
    if (value > maxValueBytes || start + value > this.limit) {
      throw new FramingLost(`a value over ${Math.min(maxValueBytes, this.limit)} bytes`)
    }
    if (bytes.byteLength < start) return undefined
    let length = start + value
    for (let i = 0; i < count; i++) length += bytes.readUInt32LE(header + 4 * i)
    if (length > this.limit) throw new FramingLost(`a frame over ${this.limit} bytes`)
    return length
  }
}

const decodeFrame = (frame: Buffer): unknown => {
  const length = frame.readUInt32LE(0)
  const count = frame.readUInt32LE(4)
  const start = header + 4 * count
  const buffers: Array<Uint8Array> = []
  let offset = start + length
  for (let i = 0; i < count; i++) {
    const size = frame.readUInt32LE(header + 4 * i)
    // A copy of its own: aligned, and transferable by whoever gets it.
    buffers.push(Uint8Array.from(frame.subarray(offset, offset + size)))
    offset += size
  }
  try {
    const deserializer = new Deserializer(frame.subarray(start, start + length))
    deserializer.buffers = buffers
    if (!deserializer.readHeader()) throw new RangeError("not in the format of V8")
    return deserializer.readValue()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FramingLost(`a frame that holds no value: ${why}`, { cause })
  }
}
