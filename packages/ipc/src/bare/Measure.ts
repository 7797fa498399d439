/**
 * Looks at a message before it leaves: how many bytes it takes when it is copied, and how it may
 * travel. Exact for what is large (buffers, strings), a guess for what is small, and never slow: it
 * looks at 64 values at most. One instance looks at one message after the other and keeps nothing.
 */

import types from "node:util/types"

import { large } from "./ownCopies.ts"

/** Values that are looked at. */
const most = 64

/** Values of one list that are looked at; they stand for all. */
const sampled = 16

/** JSON is the faster one for small messages; the format of V8 is, for large strings. */
const largestText = 16 * 1024

export class Measure {
  /** Bytes, about. */
  size = 0
  /** JSON carries it unchanged: plain objects, lists, strings, finite numbers; nothing occurs twice. */
  isText = true
  /** Every value was looked at. */
  isWhole = true
  /** An object occurs twice in it, or was among those that `known` held before. */
  isShared = false
  /** It holds a view of many bytes. */
  isLarge = false
  /** The class of something inside that Node copies between threads only, such as a Blob. */
  native: string | undefined = undefined
  private left = most
  private known: Set<object> = new Set()

  /**
   * Look at a message; the objects inside of it become `known`. A getter that throws is not our
   * affair: whoever copies the message meets it again.
   */
  of(body: unknown, known: Set<object>): void {
    this.begin(known)
    try {
      this.look(body, 1)
    } catch {
      this.isWhole = false
    }
    this.end()
  }

  /** The same for a list that was made for this message alone and holds nothing but its elements. */
  ofParts(parts: ReadonlyArray<unknown>, known: Set<object>): void {
    this.begin(known)
    this.size = 8
    try {
      for (let i = 0; i < parts.length; i++) this.look(parts[i], 1)
    } catch {
      this.isWhole = false
    }
    this.end()
  }

  private begin(known: Set<object>): void {
    this.known = known
    this.size = 0
    this.isText = true
    this.isWhole = true
    this.isShared = false
    this.isLarge = false
    this.native = undefined
    this.left = most
  }

  private end(): void {
    if (this.size > largestText || !this.isWhole || this.isShared) this.isText = false
  }

  private look(value: unknown, scale: number): void {
    if (this.left-- <= 0) {
      this.isWhole = false
      return
    }
    switch (typeof value) {
      case "string": {
        this.size += scale * (value.length + 8)
        return
      }
      case "number": {
        this.size += 8 * scale
        if (!Number.isFinite(value) || Object.is(value, -0)) this.isText = false
        return
      }
      case "object": {
        if (value === null) this.size += 8 * scale
        else this.lookInto(value, scale)
        return
      }
      case "boolean": {
        this.size += 8 * scale
        return
      }
      default: {
        this.size += 8 * scale
        this.isText = false
      }
    }
  }

  private lookInto(value: object, scale: number): void {
    if (!this.isNew(value)) {
      this.size += 8 * scale
      return
    }
    if (Array.isArray(value)) {
      // A list with more keys than elements has properties of its own, one with fewer has holes.
      if (this.isText && Object.keys(value).length !== value.length) this.isText = false
      this.lookAtSome(value, value.length, scale)
    } else if (isPlain(value)) {
      this.size += 16 * scale
      for (const key in value) this.look(Reflect.get(value, key), scale)
    } else this.lookAtInstance(value, scale)
  }

  private isNew(object: object): boolean {
    const { size } = this.known
    this.known.add(object)
    if (this.known.size > size) return true
    this.isShared = true
    return false
  }

  private lookAtInstance(value: object, scale: number): void {
    this.isText = false
    if (ArrayBuffer.isView(value)) {
      this.size += scale * (value.byteLength + 16)
      if (value.byteLength >= large) this.isLarge = true
      if (value.buffer instanceof ArrayBuffer) this.isNew(value.buffer)
    } else if (value instanceof ArrayBuffer) this.size += scale * (value.byteLength + 16)
    else if (value instanceof Set) this.lookAtSome(value, value.size, scale)
    else if (value instanceof Map) {
      this.lookAtSome(value.values(), value.size, scale)
      this.lookAtSome(value.keys(), value.size, scale)
    } else {
      this.size += 16 * scale
      if (value instanceof Blob || types.isKeyObject(value) || types.isCryptoKey(value)) {
        this.native = value.constructor.name
      }
      for (const key in value) {
        if (Object.hasOwn(value, key)) this.look(Reflect.get(value, key), scale)
      }
    }
  }

  /** The first values stand for all: each of them counts for its share of the others, too. */
  private lookAtSome(values: Iterable<unknown>, count: number, scale: number): void {
    this.size += 8 * scale
    const share = count > sampled ? (scale * count) / sampled : scale
    let seen = 0
    for (const value of values) {
      if (seen++ === sampled) {
        this.isWhole = false
        return
      }
      this.look(value, share)
    }
  }
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
