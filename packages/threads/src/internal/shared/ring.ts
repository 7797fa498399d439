/** The memory of `SharedRing`, how its two ends work on it, and how they wait. */
import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"
import { type Handle, kind, me, threadOf } from "./Handle.ts"
import {
  advance,
  beforeEnd,
  frameBytes,
  HEADER_WORDS,
  LENGTH_BYTES,
  maxMessage,
  placeOf,
  used,
} from "./ringMath.ts"
import * as Signal from "./Signal.ts"
import type * as Wait from "./wait.ts"

type Ring = Handle<"SharedRing">

/** Words of the header. An END is 0 (open), 1 (closed), or minus the owner that died at that end. */
export const WRITER = 1
export const READER = 2
export const WRITER_END = 3
export const READER_END = 4
export const HEAD = 16
export const TAIL = 32
export const READABLE = 48
export const WRITABLE = 64

export const ring = kind("SharedRing", 0x4d_43_72_69, (words, owner) => {
  for (const [role, end] of [
    [WRITER, WRITER_END],
    [READER, READER_END],
  ] as const) {
    if (Atomics.load(words, role) === owner) Atomics.compareExchange(words, end, 0, -owner)
  }
  Signal.wakeAnyway(words, READABLE)
  Signal.wakeAnyway(words, WRITABLE)
})

interface View {
  readonly words: Int32Array
  readonly data: Uint8Array
  readonly capacity: number
}

const views = new WeakMap<SharedArrayBuffer, View>()

export const viewOf = (self: Ring): View => {
  const seen = views.get(self.buffer)
  if (seen !== undefined) return seen
  const words = ring.words(self)
  const data = new Uint8Array(self.buffer, HEADER_WORDS * 4)
  const view = { words, data, capacity: data.length }
  views.set(self.buffer, view)
  return view
}

/** The first who writes is the writer, the first who reads the reader. */
const claim = (words: Int32Array, role: number, operation: string) => {
  const owner = Atomics.load(words, role)
  if (owner === me) return
  const before = owner === 0 ? Atomics.compareExchange(words, role, 0, me) : owner
  if (before !== 0) {
    throw new SharedMemoryError({ _tag: "RoleTaken", operation, threadId: threadOf(before) })
  }
}

/** Throws where the end is closed or dead. */
const checkEnd = (words: Int32Array, end: number, operation: string) => {
  const state = Atomics.load(words, end)
  if (state === 0) return
  if (state > 0) throw new SharedMemoryError({ _tag: "RingClosed", operation })
  throw new SharedMemoryError({ _tag: "HolderDied", operation, threadId: threadOf(-state) })
}

/** Below this a loop is faster than `set`, which makes a view first. */
const SMALL = 32

const copyIn = ({ capacity, data }: View, at: number, bytes: Uint8Array) => {
  const { length } = bytes
  const first = beforeEnd(at, length, capacity)
  if (length <= SMALL && first === length) {
    for (let i = 0; i < length; i++) data[at + i] = bytes[i] ?? 0
  } else if (first === length) data.set(bytes, at)
  else {
    data.set(bytes.subarray(0, first), at)
    data.set(bytes.subarray(first), 0)
  }
}

const copyOut = ({ capacity, data }: View, at: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  const first = beforeEnd(at, length, capacity)
  if (length <= SMALL && first === length) {
    for (let i = 0; i < length; i++) bytes[i] = data[at + i] ?? 0
  } else {
    bytes.set(data.subarray(at, at + first))
    if (first < length) bytes.set(data.subarray(0, length - first), first)
  }
  return bytes
}

/** undefined: no room now. */
export const write = (view: View, bytes: Uint8Array, operation: string): true | undefined => {
  const { capacity, words } = view
  claim(words, WRITER, operation)
  checkEnd(words, WRITER_END, operation)
  checkEnd(words, READER_END, operation)
  if (bytes.length > maxMessage(capacity)) {
    const maxBytes = maxMessage(capacity)
    throw new SharedMemoryError({ _tag: "MessageTooLarge", bytes: bytes.length, maxBytes })
  }
  const tail = Atomics.load(words, TAIL)
  const size = frameBytes(bytes.length)
  if (capacity - used(Atomics.load(words, HEAD), tail) < size) return undefined
  words[HEADER_WORDS + (placeOf(tail, capacity) >> 2)] = bytes.length
  copyIn(view, placeOf(tail + LENGTH_BYTES, capacity), bytes)
  // Only now can the reader see it: a writer that dies before leaves nothing half.
  Atomics.store(words, TAIL, advance(tail, size))
  Signal.wake(words, READABLE)
  return true
}

/** undefined: nothing there now. Throws once what a closed or dead writer left has been read. */
export const read = (view: View, operation: string): Uint8Array | undefined => {
  const { capacity, words } = view
  if (isEmpty(view, operation)) return undefined
  const head = Atomics.load(words, HEAD)
  const length = words[HEADER_WORDS + (placeOf(head, capacity) >> 2)] ?? 0
  const bytes = copyOut(view, placeOf(head + LENGTH_BYTES, capacity), length)
  Atomics.store(words, HEAD, advance(head, frameBytes(length)))
  Signal.wake(words, WRITABLE)
  return bytes
}

const isEmpty = ({ words }: View, operation: string): boolean => {
  claim(words, READER, operation)
  checkEnd(words, READER_END, operation)
  const head = Atomics.load(words, HEAD)
  if (head !== Atomics.load(words, TAIL)) return false
  const end = Atomics.load(words, WRITER_END)
  // What came between the two looks was written before the end.
  if (end === 0 || head !== Atomics.load(words, TAIL)) return end === 0
  checkEnd(words, WRITER_END, operation)
  return true
}

/** Wait for the room, and write. */
export const writing = (
  self: Ring,
  bytes: Uint8Array,
  timeoutMillis = Number.POSITIVE_INFINITY,
  operation = "SharedRing.write",
): Wait.Waiting<true> => {
  const view = viewOf(self)
  const attempt = () => write(view, bytes, operation)
  return { words: view.words, at: WRITABLE, attempt, timeoutMillis, operation }
}

/** Wait for a message, and read it. */
export const reading = (
  self: Ring,
  timeoutMillis = Number.POSITIVE_INFINITY,
  operation = "SharedRing.read",
): Wait.Waiting<Uint8Array> => {
  const view = viewOf(self)
  const attempt = () => read(view, operation)
  return { words: view.words, at: READABLE, attempt, timeoutMillis, operation }
}

/** Wait for a message and leave it there, for readers that may be interrupted. */
export const readable = (
  self: Ring,
  timeoutMillis = Number.POSITIVE_INFINITY,
  operation = "SharedRing.read",
): Wait.Waiting<true> => {
  const view = viewOf(self)
  const attempt = () => (isEmpty(view, operation) ? undefined : true)
  return { words: view.words, at: READABLE, attempt, timeoutMillis, operation }
}
