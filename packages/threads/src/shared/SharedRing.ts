/**
 * Messages of bytes from one thread to one other, through a ring of shared memory: no `postMessage`, and
 * no loop that must turn. One thread writes and one reads; the first to write is the writer and the
 * first to read the reader, until it calls `leave`. Messages arrive in order, once, unchanged and whole.
 * A full ring makes its writer wait. It starts and stops nothing.
 *
 * It is worth its trouble for small messages between threads that block (`readSync`). For anything else
 * tasks and streams of a pool are simpler.
 *
 * When the writer closes, or dies, the reader gets what is there, and then `RingClosed` or `HolderDied`;
 * when the reader does, the writer fails at once. The Scope that started a thread tells of its death (a
 * pool does by itself; for a `Worker` of your own call `threadExited`).
 *
 * @since 0.1.0
 */
import { checkWhole, type Handle, me } from "../internal/shared/Handle.ts"
import * as Ring from "../internal/shared/ring.ts"
import {
  capacityFor,
  HEADER_WORDS,
  MAX_CAPACITY,
  maxMessage,
  used,
} from "../internal/shared/ringMath.ts"
import * as Signal from "../internal/shared/Signal.ts"
import * as Wait from "../internal/shared/wait.ts"
import type { WaitOptions } from "./SharedMutex.ts"

/**
 * A handle over shared memory, a plain object that crosses to other threads.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedRing extends Handle<"SharedRing"> {}

/**
 * A ring in new shared memory.
 *
 * @param bytes how much it holds at least; rounded up to a power of two. A message takes its bytes,
 *   rounded up to four, and four more. Default 65 536, at most 1 GiB.
 * @category constructors
 * @since 0.1.0
 */
export const make = (bytes = 65_536): SharedRing => {
  checkWhole("bytes", bytes, 1, MAX_CAPACITY)
  return Ring.ring.allocate(HEADER_WORDS * 4 + capacityFor(bytes))
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSharedRing: (value: unknown) => value is SharedRing = Ring.ring.is

/**
 * The largest message that fits, in bytes.
 *
 * @category getters
 * @since 0.1.0
 */
export const maxMessageBytes = (self: SharedRing): number => maxMessage(Ring.viewOf(self).capacity)

/**
 * Bytes that are written and not yet read, lengths included.
 *
 * @category getters
 * @since 0.1.0
 */
export const pendingBytes = (self: SharedRing): number => {
  const { words } = Ring.viewOf(self)
  return used(Atomics.load(words, Ring.HEAD), Atomics.load(words, Ring.TAIL))
}

/**
 * Write a message if there is room for it now. Throws `MessageTooLarge`, `RoleTaken`, `RingClosed` or
 * `HolderDied`.
 *
 * @category writing
 * @since 0.1.0
 */
export const tryWrite = (self: SharedRing, bytes: Uint8Array): boolean =>
  Ring.write(Ring.viewOf(self), bytes, "SharedRing.tryWrite") === true

/**
 * Write a message, blocking this thread until there is room. Throws what `tryWrite` throws, `TimedOut`,
 * and `BlockingRefused` on the main thread.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeSync = (
  self: SharedRing,
  bytes: Uint8Array,
  options: RingWaitOptions = {},
): void => {
  const operation = "SharedRing.writeSync"
  Wait.refuseOnMain(operation)
  // Mostly there is room.
  if (Ring.write(Ring.viewOf(self), bytes, operation) === true) return
  Wait.waitSync(Ring.writing(self, bytes, options.timeoutMillis, operation))
}

/**
 * Write a message, waiting for room while the loop turns.
 *
 * @category writing
 * @since 0.1.0
 */
export const writePromise = async (
  self: SharedRing,
  bytes: Uint8Array,
  options: RingWaitOptions = {},
): Promise<void> => {
  await Wait.waitPromise(Ring.writing(self, bytes, options.timeoutMillis), options.signal)
}

/**
 * The next message, if it is there now. Throws `RoleTaken`, `RingClosed` or `HolderDied`.
 *
 * @category reading
 * @since 0.1.0
 */
export const tryRead = (self: SharedRing): Uint8Array | undefined =>
  Ring.read(Ring.viewOf(self), "SharedRing.tryRead")

/**
 * The next message, blocking this thread until it is there. Throws what `tryRead` throws, `TimedOut`,
 * and `BlockingRefused` on the main thread.
 *
 * @category reading
 * @since 0.1.0
 */
export const readSync = (self: SharedRing, options: RingWaitOptions = {}): Uint8Array => {
  const operation = "SharedRing.readSync"
  Wait.refuseOnMain(operation)
  return (
    Ring.read(Ring.viewOf(self), operation) ??
    Wait.waitSync(Ring.reading(self, options.timeoutMillis, operation))
  )
}

/**
 * The next message, waiting while the loop turns.
 *
 * @category reading
 * @since 0.1.0
 */
export const readPromise = (self: SharedRing, options: RingWaitOptions = {}): Promise<Uint8Array> =>
  Wait.waitPromise(Ring.reading(self, options.timeoutMillis), options.signal)

/**
 * As for locks, but a ring may be idle: by default it waits for ever.
 *
 * @category models
 * @since 0.1.0
 */
export interface RingWaitOptions extends WaitOptions {}

/**
 * No more messages. Either end may close; what was written before can still be read, unless it was the
 * reader that closed.
 *
 * @category operations
 * @since 0.1.0
 */
export const close = (self: SharedRing): void => {
  const { words } = Ring.viewOf(self)
  Atomics.compareExchange(words, Ring.WRITER_END, 0, 1)
  if (Atomics.load(words, Ring.READER) === me) {
    Atomics.compareExchange(words, Ring.READER_END, 0, 1)
  }
  Signal.wake(words, Ring.READABLE)
  Signal.wake(words, Ring.WRITABLE)
}

/**
 * This thread is no longer the writer, or the reader: another may be.
 *
 * @category operations
 * @since 0.1.0
 */
export const leave = (self: SharedRing, role: "writer" | "reader"): void => {
  const { words } = Ring.viewOf(self)
  Atomics.compareExchange(words, role === "writer" ? Ring.WRITER : Ring.READER, me, 0)
}

/**
 * Tell this one ring that a thread has exited. If it was the writer or the reader, the other end fails
 * with `HolderDied` (a reader first gets what is there).
 *
 * @param threadId of the dead thread; a `Worker` forgets its own once it has exited
 * @category recovery
 * @since 0.1.0
 */
export const releaseThread = (self: SharedRing, threadId: number): void => {
  checkWhole("threadId", threadId, 0, 0x3f_ff_ff_ff)
  Ring.ring.recover(Ring.viewOf(self).words, threadId + 1)
}
