/**
 * Large buffers on their way to another thread: a copy of our own is moved there. That is one copy,
 * where structured clone makes two, and the message holds what it held when it was sent.
 */
import type { Transferable } from "node:worker_threads"

import { views } from "./views.ts"

/** Smaller ones are cloned with the rest of their message: moving a buffer costs about as much. */
export const large = 16 * 1024

export interface OwnCopies {
  readonly body: unknown
  readonly transfer: ReadonlyArray<Transferable>
}

/**
 * The message with copies in place of its large views, and what is to be moved. The message itself
 * stays as it is. Only for one in which nothing occurs twice: two views of one buffer would arrive
 * over two.
 */
export const ownCopies = (body: unknown, transfer: ReadonlyArray<Transferable> = []): OwnCopies => {
  const moved: Array<Transferable> = [...transfer]
  return { body: replaced(body, moved), transfer: moved }
}

const replaced = (value: unknown, moved: Array<Transferable>): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (ArrayBuffer.isView(value)) return replacedView(value, moved)
  if (Array.isArray(value)) {
    // One with holes, or with properties of its own, is left to structured clone.
    if (Object.keys(value).length !== value.length) return value
    return value.map((element: unknown) => replaced(element, moved))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  let copy: Record<string, unknown> | undefined
  for (const [key, before] of Object.entries(value)) {
    const after = replaced(before, moved)
    if (after === before) continue
    copy ??= { ...value }
    copy[key] = after
  }
  return copy ?? value
}

const replacedView = (view: ArrayBufferView, moved: Array<Transferable>): ArrayBufferView => {
  const { buffer, byteLength, byteOffset } = view
  const isOurs = buffer instanceof ArrayBuffer && !buffer.resizable && !moved.includes(buffer)
  // By the name that a view of any subclass answers; a `Buffer` arrives as a `Uint8Array`, as ever.
  const tag: unknown = Reflect.get(view, Symbol.toStringTag)
  const View = views.find((known) => known?.name === tag)
  if (byteLength < large || !isOurs || View === undefined) return view
  // Not zeroed first: all of it is written.
  const memory = Buffer.allocUnsafeSlow(byteLength).buffer
  new Uint8Array(memory).set(new Uint8Array(buffer, byteOffset, byteLength))
  moved.push(memory)
  return new View(memory, 0, byteLength / (View.BYTES_PER_ELEMENT ?? 1))
}
