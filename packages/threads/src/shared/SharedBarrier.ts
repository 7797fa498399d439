/**
 * A place where a fixed number of parties wait for each other; when all have come, all go on, and the
 * barrier serves again. It starts and stops nothing.
 *
 * A party that gives up (timeout, interruption) takes itself back, and the others go on waiting. A
 * thread that dies inside breaks the barrier: all who wait, and all who come, fail with `HolderDied`
 * until `reset`. The Scope that started the thread sees to that (a pool does by itself; for a `Worker`
 * of your own call `threadExited`). One that dies before it came cannot be told from one that is late:
 * that ends with `TimedOut`.
 *
 * @since 0.1.0
 */
import {
  ARRIVALS,
  barrier,
  DEAD,
  nextRound,
  PLACES,
  STATE,
  visit,
  wasTooLate,
} from "../internal/shared/barrier.ts"
import { checkWhole, type Handle } from "../internal/shared/Handle.ts"
import * as Wait from "../internal/shared/wait.ts"
import type { WaitOptions } from "./SharedMutex.ts"

/**
 * A handle over shared memory, a plain object that crosses to other threads.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedBarrier extends Handle<"SharedBarrier"> {}

/**
 * A barrier in new shared memory.
 *
 * @param parties how many wait for each other, from 1 to 2047
 * @category constructors
 * @since 0.1.0
 */
export const make = (parties: number): SharedBarrier => {
  checkWhole("parties", parties, 1, ARRIVALS)
  return barrier.allocate((PLACES + 2 * parties) * 4)
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSharedBarrier: (value: unknown) => value is SharedBarrier = barrier.is

/**
 * How many wait now.
 *
 * @category getters
 * @since 0.1.0
 */
export const arrived = (self: SharedBarrier): number =>
  Atomics.load(barrier.words(self), STATE) & ARRIVALS

/**
 * Block this thread until all parties have come. Throws `TimedOut`, `HolderDied`, and `BlockingRefused`
 * on the main thread.
 *
 * @category operations
 * @since 0.1.0
 */
export const awaitSync = (self: SharedBarrier, options: WaitOptions = {}): void => {
  const operation = "SharedBarrier.awaitSync"
  Wait.refuseOnMain(operation)
  const { isOver, leave, waiting } = visit(self, options.timeoutMillis, operation)
  try {
    Wait.waitSync(waiting)
  } catch (error) {
    if (!wasTooLate(error) || !isOver()) throw error
  } finally {
    leave()
  }
}

/**
 * Wait until all parties have come, while the loop turns. Rejects with `TimedOut` or `HolderDied`.
 *
 * @category operations
 * @since 0.1.0
 */
export const awaitPromise = async (
  self: SharedBarrier,
  options: WaitOptions = {},
): Promise<void> => {
  options.signal?.throwIfAborted()
  const { isOver, leave, waiting } = visit(self, options.timeoutMillis)
  try {
    await Wait.waitPromise(waiting, options.signal)
  } catch (error) {
    if (!wasTooLate(error) || !isOver()) throw error
  } finally {
    leave()
  }
}

/**
 * The barrier serves again after a thread died inside. Call it when nobody waits any more. Answers
 * whether it was broken.
 *
 * @category recovery
 * @since 0.1.0
 */
export const reset = (self: SharedBarrier): boolean => {
  const words = barrier.words(self)
  if (Atomics.load(words, DEAD) === 0) return false
  // Arrivals of the dead are in the count: the next round begins without them.
  Atomics.store(words, STATE, nextRound(Atomics.load(words, STATE)))
  Atomics.store(words, DEAD, 0)
  return true
}

/**
 * Tell this one barrier that a thread has exited. It breaks if the thread was inside.
 *
 * @param threadId of the dead thread; a `Worker` forgets its own once it has exited
 * @category recovery
 * @since 0.1.0
 */
export const releaseThread = (self: SharedBarrier, threadId: number): void => {
  checkWhole("threadId", threadId, 0, 0x3f_ff_ff_ff)
  barrier.recover(barrier.words(self), threadId + 1)
}
