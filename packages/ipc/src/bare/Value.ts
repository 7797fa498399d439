/**
 * Values in the format of V8's ValueSerializer, large views out of band: they stand behind the value as
 * they are. Knows nothing of frames.
 */
import * as v8 from "node:v8"

import { bufferKind, views } from "./views.ts"

/** A view of at least so many bytes goes behind the value instead of into it. */
const outOfBand = 16 * 1024

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
 * A value behind `room` bytes that are still to be written, and the buffers that go behind it. Throws for
 * what cannot be copied.
 */
export const serialize = (
  value: unknown,
  room: Uint8Array,
): readonly [body: Buffer, buffers: ReadonlyArray<Uint8Array>] => {
  const serializer = new Serializer()
  serializer.writeRawBytes(room)
  serializer.writeHeader()
  serializer.writeValue(value)
  return [serializer.releaseBuffer(), serializer.buffers]
}

/** The value; throws where there is none. */
export const deserialize = (value: Buffer, buffers: ReadonlyArray<Uint8Array>): unknown => {
  const deserializer = new Deserializer(value)
  deserializer.buffers = buffers
  if (!deserializer.readHeader()) throw new RangeError("not in the format of V8")
  return deserializer.readValue()
}
