/**
 * What is behind every handle: shared memory that begins with a word which says what it is; the views of
 * this thread on it; and the list of what this thread knows of, so that whoever started a thread can put
 * right what it held when it died.
 */
import { threadId } from "node:worker_threads"

import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"

/** A plain object: structured clone carries it, and the other side shares the memory. */
export interface Handle<Tag extends string> {
  readonly _tag: Tag
  readonly buffer: SharedArrayBuffer
}

export interface Kind<Tag extends string> {
  /** New memory: the first word is ours, the others begin as 0. */
  readonly allocate: (bytes: number) => Handle<Tag>
  /** The view of this thread. Throws for what is not such a handle. */
  readonly words: (handle: Handle<Tag>) => Int32Array
  readonly is: (value: unknown) => value is Handle<Tag>
  /** Gives back what the owner, who is dead, held, and wakes all who wait. */
  readonly recover: Recover
}

/** How this thread signs what it holds. 0 is nobody; the ids of threads are never used twice. */
export const me = threadId + 1

export const threadOf = (owner: number): number => owner - 1

type Recover = (words: Int32Array, owner: number) => void

const known = new Map<number, { readonly buffer: WeakRef<SharedArrayBuffer>; recover: Recover }>()
let lastKey = 0
const forgotten = new FinalizationRegistry<number>((key) => known.delete(key))

const remember = (buffer: SharedArrayBuffer, recover: Recover) => {
  const key = ++lastKey
  known.set(key, { buffer: new WeakRef(buffer), recover })
  forgotten.register(buffer, key)
}

/** Put right what the dead thread held, in everything that this thread has made, used or passed on. */
export const recoverAll = (deadThreadId: number): void => {
  for (const { buffer, recover } of known.values()) {
    const memory = buffer.deref()
    if (memory !== undefined) recover(new Int32Array(memory), deadThreadId + 1)
  }
}

const isTagged = (value: unknown): value is { _tag: unknown; buffer: unknown } =>
  typeof value === "object" && value !== null && "_tag" in value && "buffer" in value

/**
 * @param magic tells this kind's memory from any other
 */
export const kind = <Tag extends string>(tag: Tag, magic: number, recover: Recover): Kind<Tag> => {
  const views = new WeakMap<SharedArrayBuffer, Int32Array>()
  const open = (buffer: unknown): Int32Array | undefined => {
    if (!(buffer instanceof SharedArrayBuffer)) return undefined
    const seen = views.get(buffer)
    if (seen !== undefined) return seen
    if (buffer.byteLength < 4 || buffer.byteLength % 4 !== 0) return undefined
    const words = new Int32Array(buffer)
    if (words[0] !== magic) return undefined
    views.set(buffer, words)
    remember(buffer, recover)
    return words
  }
  return {
    allocate: (bytes) => {
      const buffer = new SharedArrayBuffer(bytes)
      new Int32Array(buffer)[0] = magic
      open(buffer)
      return { _tag: tag, buffer }
    },
    words: (handle) => {
      const words = open(handle.buffer)
      if (words === undefined) {
        throw new SharedMemoryError({
          _tag: "InvalidArgument",
          argument: "the handle",
          value: handle.buffer,
          expected: `a ${tag} made by ${tag}.make`,
        })
      }
      return words
    },
    is: (value): value is Handle<Tag> =>
      isTagged(value) && value._tag === tag && open(value.buffer) !== undefined,
    recover,
  }
}

/** Throws unless `value` is a whole number between the bounds. */
export const checkWhole = (
  argument: string,
  value: number,
  minimum: number,
  maximum: number,
): void => {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new SharedMemoryError({
      _tag: "InvalidArgument",
      argument,
      value,
      expected: `a whole number from ${minimum} to ${maximum}`,
    })
  }
}
