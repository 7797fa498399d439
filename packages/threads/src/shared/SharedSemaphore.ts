/**
 * At most so many at once, across threads. Each holder has one permit. Not fair: whoever looks first
 * after a release gets it. It starts and stops nothing.
 *
 * Permits of a thread that died are free again as soon as the Scope that started the thread has seen it
 * (a pool does by itself; for a `Worker` of your own call `threadExited`). Where nobody does, waiting
 * ends with `TimedOut`.
 *
 * @since 0.1.0
 */
import { checkWhole, type Handle, me } from "../internal/shared/Handle.ts"
import { PERMITS, semaphore, SIGNAL, take, waiting } from "../internal/shared/semaphore.ts"
import * as Signal from "../internal/shared/Signal.ts"
import * as Wait from "../internal/shared/wait.ts"
import { SharedMemoryError } from "./SharedMemoryError.ts"
import type { WaitOptions } from "./SharedMutex.ts"

/**
 * A handle over shared memory, a plain object that crosses to other threads.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedSemaphore extends Handle<"SharedSemaphore"> {}

/**
 * What `tryAcquire` gives and `release` takes: which of the permits it is.
 *
 * @category models
 * @since 0.1.0
 */
export type Permit = number

/**
 * A semaphore in new shared memory, with all permits free.
 *
 * @param permits from 1 to 65 536
 * @category constructors
 * @since 0.1.0
 */
export const make = (permits: number): SharedSemaphore => {
  checkWhole("permits", permits, 1, 65_536)
  return semaphore.allocate((PERMITS + permits) * 4)
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSharedSemaphore: (value: unknown) => value is SharedSemaphore = semaphore.is

/**
 * How many permits are free now.
 *
 * @category getters
 * @since 0.1.0
 */
export const available = (self: SharedSemaphore): number => {
  const words = semaphore.words(self)
  let free = 0
  for (let at = PERMITS; at < words.length; at++) if (Atomics.load(words, at) === 0) free++
  return free
}

/**
 * Take a permit if one is free now; undefined if not.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryAcquire = (self: SharedSemaphore): Permit | undefined => take(semaphore.words(self))

/**
 * Give back a permit. Throws `NotHolder` when this thread does not hold it.
 *
 * @category operations
 * @since 0.1.0
 */
export const release = (self: SharedSemaphore, permit: Permit): void => {
  const words = semaphore.words(self)
  const isPermit = Number.isInteger(permit) && permit >= 0 && permit < words.length - PERMITS
  if (!isPermit || Atomics.compareExchange(words, PERMITS + permit, me, 0) !== me) {
    throw new SharedMemoryError({ _tag: "NotHolder", operation: "SharedSemaphore.release" })
  }
  Signal.wake(words, SIGNAL)
}

const isAllMine = (words: Int32Array): boolean => {
  for (let at = PERMITS; at < words.length; at++) if (Atomics.load(words, at) !== me) return false
  return true
}

/**
 * Run `body` with a permit, blocking this thread until there is one. `body` must not be async: use
 * `withPermitPromise`. Throws what `body` throws, `TimedOut`, `WouldDeadlock` where this thread holds
 * every permit, and `BlockingRefused` on the main thread.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPermitSync = <A>(
  self: SharedSemaphore,
  body: () => A,
  options: WaitOptions = {},
): A => {
  const operation = "SharedSemaphore.withPermitSync"
  const wait = waiting(self, options.timeoutMillis)
  const permit = Wait.waitSync({
    ...wait,
    operation,
    attempt: () => {
      const taken = take(wait.words)
      if (taken === undefined && isAllMine(wait.words)) {
        throw new SharedMemoryError({ _tag: "WouldDeadlock", operation })
      }
      return taken
    },
  })
  try {
    return body()
  } finally {
    release(self, permit)
  }
}

/**
 * Run `body` with a permit, waiting while the loop turns. Rejects with what `body` throws, or `TimedOut`.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPermitPromise = async <A>(
  self: SharedSemaphore,
  body: () => A | PromiseLike<A>,
  options: WaitOptions = {},
): Promise<A> => {
  const permit = await Wait.waitPromise(waiting(self, options.timeoutMillis), options.signal)
  try {
    return await body()
  } finally {
    release(self, permit)
  }
}

/**
 * Tell this one semaphore that a thread has exited, and so holds none of its permits any more.
 *
 * @param threadId of the dead thread; a `Worker` forgets its own once it has exited
 * @category recovery
 * @since 0.1.0
 */
export const releaseThread = (self: SharedSemaphore, threadId: number): void => {
  checkWhole("threadId", threadId, 0, 0x3f_ff_ff_ff)
  semaphore.recover(semaphore.words(self), threadId + 1)
}
