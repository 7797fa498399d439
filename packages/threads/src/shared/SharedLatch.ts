/**
 * A gate that opens once, when it has been counted down to zero, and stays open. It starts and stops
 * nothing, and nobody holds it: where a thread may die before it counts, whoever waits sets a timeout,
 * or whoever sees the death calls `open`.
 *
 * @since 0.1.0
 */
import { checkWhole, type Handle } from "../internal/shared/Handle.ts"
import { latch, MISSING, SIGNAL, waiting } from "../internal/shared/latch.ts"
import * as Signal from "../internal/shared/Signal.ts"
import * as Wait from "../internal/shared/wait.ts"
import type { WaitOptions } from "./SharedMutex.ts"

/**
 * A handle over shared memory, a plain object that crosses to other threads.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedLatch extends Handle<"SharedLatch"> {}

/**
 * A latch in new shared memory.
 *
 * @param count how many `countDown` open it, from 0 (open) to 2 147 483 647
 * @category constructors
 * @since 0.1.0
 */
export const make = (count: number): SharedLatch => {
  checkWhole("count", count, 0, 0x7f_ff_ff_ff)
  const self = latch.allocate(12)
  latch.words(self)[MISSING] = count
  return self
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSharedLatch: (value: unknown) => value is SharedLatch = latch.is

/**
 * How many counts are missing; 0 is open.
 *
 * @category getters
 * @since 0.1.0
 */
export const missing = (self: SharedLatch): number => Atomics.load(latch.words(self), MISSING)

/**
 * Count one down, or `by`; counts beyond zero do nothing. Answers how many are missing.
 *
 * @category operations
 * @since 0.1.0
 */
export const countDown = (self: SharedLatch, by = 1): number => {
  checkWhole("by", by, 1, 0x7f_ff_ff_ff)
  const words = latch.words(self)
  for (;;) {
    const before = Atomics.load(words, MISSING)
    const after = Math.max(before - by, 0)
    if (Atomics.compareExchange(words, MISSING, before, after) !== before) continue
    if (after === 0) Signal.wake(words, SIGNAL)
    return after
  }
}

/**
 * Open it whatever is missing.
 *
 * @category operations
 * @since 0.1.0
 */
export const open = (self: SharedLatch): void => {
  countDown(self, 0x7f_ff_ff_ff)
}

/**
 * Block this thread until the latch is open. Throws `TimedOut`, and `BlockingRefused` on the main thread.
 *
 * @category operations
 * @since 0.1.0
 */
export const awaitSync = (self: SharedLatch, options: WaitOptions = {}): void => {
  Wait.waitSync({ ...waiting(self, options.timeoutMillis), operation: "SharedLatch.awaitSync" })
}

/**
 * Wait until the latch is open, while the loop turns. Rejects with `TimedOut`.
 *
 * @category operations
 * @since 0.1.0
 */
export const awaitPromise = async (self: SharedLatch, options: WaitOptions = {}): Promise<void> => {
  await Wait.waitPromise(waiting(self, options.timeoutMillis), options.signal)
}
