/**
 * Taking chunks from whatever holds items. Nothing is taken before it is asked for, so what is endless
 * is bounded by whoever asks.
 *
 * How it stops: `close` tells an iterator that no more is wanted, unless it has ended by itself.
 */

/** An array, or a typed array where the items are one. */
export interface Chunk extends ArrayLike<unknown> {}

export interface Chunks {
  /** How many items are left, where that is known. */
  readonly remaining: () => number | undefined
  /** Up to `size` items; none at the end. Throws, or rejects, with what the items' iterator threw. */
  readonly take: (size: number) => Chunk | Promise<Chunk>
  readonly close: () => unknown
}

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

export type Items = Iterable<unknown> | AsyncIterable<unknown>

/**
 * How long a chunk of slow items waits to be full: what has arrived goes on its way, in milliseconds
 * after its first.
 */
const LINGER_MILLIS = 10

const isTypedArray = (items: Items): items is TypedArray =>
  ArrayBuffer.isView(items) && !(items instanceof DataView)

const ofArray = (items: ReadonlyArray<unknown> | TypedArray): Chunks => {
  let at = 0
  // A view of memory that is not shared would be sent with all of that memory.
  const isShared = isTypedArray(items) && items.buffer instanceof SharedArrayBuffer
  return {
    remaining: () => items.length - at,
    take: (size) => {
      const end = Math.min(at + size, items.length)
      const chunk = isShared ? items.subarray(at, end) : items.slice(at, end)
      at = end
      return chunk
    },
    close: () => {},
  }
}

const ofIterable = (items: Iterable<unknown>): Chunks => {
  const iterator = items[Symbol.iterator]()
  let left = items instanceof Set || items instanceof Map ? items.size : undefined
  let isOver = false
  return {
    remaining: () => left,
    take: (size) => {
      const chunk: Array<unknown> = []
      while (!isOver && chunk.length < size) {
        // One that throws has ended.
        isOver = true
        const { done, value } = iterator.next()
        if (done === true) break
        isOver = false
        chunk.push(value)
      }
      if (left !== undefined) left = Math.max(0, left - chunk.length)
      return chunk
    },
    close: () => {
      if (isOver) return
      isOver = true
      iterator.return?.()
    },
  }
}

const late = Symbol("late")

const ofAsyncIterable = (items: AsyncIterable<unknown>): Chunks => {
  const iterator = items[Symbol.asyncIterator]()
  let isOver = false
  /** Asked for and not yet there; it may outlive the chunk that asked. */
  let pending: Promise<IteratorResult<unknown>> | undefined

  const next = () => {
    pending ??= iterator.next()
    return pending
  }

  const take = async (size: number): Promise<Chunk> => {
    const chunk: Array<unknown> = []
    let timer: NodeJS.Timeout | undefined
    let linger: Promise<typeof late> | undefined
    try {
      while (!isOver && chunk.length < size) {
        const result = await (linger === undefined ? next() : Promise.race([next(), linger]))
        if (result === late) break
        pending = undefined
        if (result.done === true) {
          isOver = true
          break
        }
        chunk.push(result.value)
        linger ??= new Promise((resolve) => {
          timer = setTimeout(resolve, LINGER_MILLIS, late)
        })
      }
      return chunk
    } catch (error) {
      isOver = true
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    remaining: () => undefined,
    take,
    close: async () => {
      if (isOver) return
      isOver = true
      const returned = iterator.return?.()
      if (pending === undefined) await returned
      else {
        // A generator returns only after the pending item, which may never come.
        pending.catch(() => {})
        void returned?.catch(() => {})
      }
    },
  }
}

export const chunksOf = (items: Items): Chunks => {
  if (Array.isArray(items) || isTypedArray(items)) return ofArray(items)
  return Symbol.asyncIterator in items ? ofAsyncIterable(items) : ofIterable(items)
}
