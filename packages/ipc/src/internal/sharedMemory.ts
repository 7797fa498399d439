/**
 * Finds what Node's own serializer would copy in silence: a view over memory that threads share. V8 does
 * the search, for it alone knows all that it would copy; that costs once more what serializing costs
 * without the bytes of the buffers, 0.3 µs for a small message. A walk in JavaScript was measured: half of
 * it for objects, twice as much for long lists.
 */
import { Serializer } from "node:v8"

class Finder extends Serializer {
  constructor() {
    super()
    // @ts-expect-error not in the types: ask _writeHostObject for every view
    this._setTreatArrayBufferViewsAsHostObjects(true)
  }

  /** V8 asks this for every view. Nothing is kept of them: only the search counts. */
  _writeHostObject(value: unknown): void {
    if (ArrayBuffer.isView(value) && value.buffer instanceof SharedArrayBuffer) {
      throw new TypeError("shared memory cannot leave its process")
    }
  }
}

// V8 calls this for what it cannot copy; without it the message is about an unknown host object.
Object.assign(Finder.prototype, { _getDataCloneError: TypeError })

/** Throws for a value that holds shared memory, and for what cannot be copied at all. */
export const refuseSharedMemory = (value: unknown): void => {
  new Finder().writeValue(value)
}
