/**
 * A lock that threads share: one of them at a time is inside. Not re-entrant, and not fair: whoever
 * looks first after a release gets it. It starts and stops nothing.
 *
 * A thread that dies inside leaves the lock marked: every later attempt fails with `HolderDied` until
 * somebody has put right what the lock guards and calls `repair`. The Scope that started the thread sees
 * to that (a pool does by itself; for a `Worker` of your own call `threadExited`). Where nobody does,
 * waiting ends with `TimedOut`.
 *
 * @since 0.1.0
 */
import { checkWhole, type Handle, me } from "../internal/shared/Handle.ts"
import { HOLDER, mutex, PASS, SIGNAL, take, waiting } from "../internal/shared/mutex.ts"
import * as Signal from "../internal/shared/Signal.ts"
import * as Wait from "../internal/shared/wait.ts"
import { SharedMemoryError } from "./SharedMemoryError.ts"

/**
 * A handle over shared memory, a plain object that crosses to other threads.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedMutex extends Handle<"SharedMutex"> {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * What the next one gets after a holder died: `fail` with `HolderDied` until `repair`, since what the
   * lock guards may be half changed; or the lock as if nothing was (`pass`). Default `fail`.
   */
  readonly whenHolderDies?: "fail" | "pass"
}

/**
 * @category models
 * @since 0.1.0
 */
export interface WaitOptions {
  /** Default 30 000; `Infinity` waits for ever. */
  readonly timeoutMillis?: number
  /** Aborting it ends a wait that does not block, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * A lock in new shared memory, free.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): SharedMutex => {
  const self = mutex.allocate(16)
  mutex.words(self)[PASS] = options.whenHolderDies === "pass" ? 1 : 0
  return self
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSharedMutex: (value: unknown) => value is SharedMutex = mutex.is

/**
 * Is anybody inside now?
 *
 * @category getters
 * @since 0.1.0
 */
export const isLocked = (self: SharedMutex): boolean =>
  Atomics.load(mutex.words(self), HOLDER) !== 0

/**
 * Take the lock if it is free now. Throws `HolderDied`.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryLock = (self: SharedMutex): boolean =>
  take(mutex.words(self), "SharedMutex.tryLock") === true

/**
 * Give back the lock. Throws `NotHolder` when this thread does not hold it.
 *
 * @category operations
 * @since 0.1.0
 */
export const unlock = (self: SharedMutex): void => {
  const words = mutex.words(self)
  if (Atomics.compareExchange(words, HOLDER, me, 0) !== me) {
    throw new SharedMemoryError({ _tag: "NotHolder", operation: "SharedMutex.unlock" })
  }
  Signal.wake(words, SIGNAL)
}

const block = (self: SharedMutex, operation: string, timeoutMillis?: number): void => {
  const lock = waiting(self, timeoutMillis)
  Wait.waitSync({
    ...lock,
    operation,
    attempt: () => {
      if (Atomics.load(lock.words, HOLDER) === me) {
        throw new SharedMemoryError({ _tag: "WouldDeadlock", operation })
      }
      return take(lock.words, operation)
    },
  })
}

/**
 * Run `body` alone, blocking this thread until the lock is free. `body` must not be async: use
 * `withLockPromise`. Throws what `body` throws, `TimedOut`, `HolderDied`, `WouldDeadlock` where this
 * thread holds the lock already, and `BlockingRefused` on the main thread.
 *
 * @category operations
 * @since 0.1.0
 */
export const withLockSync = <A>(self: SharedMutex, body: () => A, options: WaitOptions = {}): A => {
  const operation = "SharedMutex.withLockSync"
  Wait.refuseOnMain(operation)
  const words = mutex.words(self)
  // Mostly it is free.
  if (take(words, operation) === undefined) block(self, operation, options.timeoutMillis)
  try {
    return body()
  } finally {
    unlock(self)
  }
}

/**
 * Run `body` alone, waiting while the loop turns. Rejects with what `body` throws, `TimedOut` or
 * `HolderDied`.
 *
 * @category operations
 * @since 0.1.0
 */
export const withLockPromise = async <A>(
  self: SharedMutex,
  body: () => A | PromiseLike<A>,
  options: WaitOptions = {},
): Promise<A> => {
  await Wait.waitPromise(waiting(self, options.timeoutMillis), options.signal)
  try {
    return await body()
  } finally {
    unlock(self)
  }
}

/**
 * The lock is usable again after a holder died. Call it when what the lock guards is whole. Answers
 * whether the lock was marked.
 *
 * @category recovery
 * @since 0.1.0
 */
export const repair = (self: SharedMutex): boolean => {
  const words = mutex.words(self)
  const holder = Atomics.load(words, HOLDER)
  if (holder >= 0 || Atomics.compareExchange(words, HOLDER, holder, 0) !== holder) return false
  Signal.wake(words, SIGNAL)
  return true
}

/**
 * Tell this one lock that a thread has exited, and so holds it no more. Answers whether it did.
 *
 * @param threadId of the dead thread; a `Worker` forgets its own once it has exited
 * @category recovery
 * @since 0.1.0
 */
export const releaseThread = (self: SharedMutex, threadId: number): boolean => {
  checkWhole("threadId", threadId, 0, 0x3f_ff_ff_ff)
  const words = mutex.words(self)
  const held = Atomics.load(words, HOLDER) === threadId + 1
  mutex.recover(words, threadId + 1)
  return held
}
