/**
 * Waiting until an attempt succeeds, blocking or not, by the recipe of `Signal`. A wait ends with the
 * attempt's value, with what it throws, or with `TimedOut`.
 *
 * How it stops: a wait that does not block holds one timer of its own, which keeps the loop alive (a
 * promise of `Atomics.waitAsync` does not) and is gone when the wait is over or cancelled.
 */
import { isMainThread } from "node:worker_threads"

import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"
import * as Signal from "./Signal.ts"

export interface Waiting<A> {
  readonly words: Int32Array
  /** The index of the signal's word. */
  readonly at: number
  /** undefined: not yet. */
  readonly attempt: () => A | undefined
  readonly timeoutMillis: number
  /** For error messages: `SharedMutex.withLock`. */
  readonly operation: string
}

/**
 * How long anybody sleeps before looking again unasked. A wake-up whose sender was killed half-way
 * comes this late at worst; and V8 keeps a cancelled `waitAsync` for this long.
 */
const SLICE_MILLIS = 1000

/** How often a wait that does not block looks, should a wake-up of `waitAsync` come late. */
const LOOK_MILLIS = 100

export const defaultTimeoutMillis = 30_000

const timedOut = ({ operation, timeoutMillis }: Waiting<unknown>) =>
  new SharedMemoryError({ _tag: "TimedOut", operation, timeoutMillis })

/** On the main thread also where there would be nothing to wait for: not only under load. */
export const refuseOnMain = (operation: string): void => {
  if (isMainThread) throw new SharedMemoryError({ _tag: "BlockingRefused", operation })
}

/** Blocks this thread. Refused on the main thread. */
export const waitSync = <A>(waiting: Waiting<A>): A => {
  const { at, attempt, operation, words } = waiting
  refuseOnMain(operation)
  const first = attempt()
  if (first !== undefined) return first
  const deadline = performance.now() + waiting.timeoutMillis
  for (;;) {
    const ticket = Signal.prepare(words, at)
    const value = attempt()
    if (value !== undefined) return value
    const left = deadline - performance.now()
    if (left <= 0) throw timedOut(waiting)
    Atomics.wait(words, at, ticket, Math.min(left, SLICE_MILLIS))
  }
}

export interface Settle<A> {
  readonly value: (value: A) => void
  readonly error: (error: unknown) => void
}

/**
 * Waits while the loop turns. `settle` is called once, at once where there is nothing to wait for, and
 * in the same turn as the attempt that succeeded; never after the cancellation that this answers.
 */
export const start = <A>(waiting: Waiting<A>, settle: Settle<A>): (() => void) => {
  const { at, attempt, words } = waiting
  const deadline = performance.now() + waiting.timeoutMillis
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  const finish = () => {
    isOver = true
    clearTimeout(timer)
  }

  /** Is it over now? */
  const look = (): boolean => {
    if (isOver) return true
    try {
      const value = attempt()
      if (value === undefined) return false
      finish()
      settle.value(value)
    } catch (error) {
      finish()
      settle.error(error)
    }
    return true
  }

  const sleep = () => {
    while (!look()) {
      const ticket = Signal.prepare(words, at)
      if (look()) return
      const { async, value } = Atomics.waitAsync(words, at, ticket, SLICE_MILLIS)
      if (async) {
        void value.then(sleep)
        return
      }
    }
  }

  const tick = () => {
    if (look()) return
    const left = deadline - performance.now()
    if (left <= 0) {
      finish()
      settle.error(timedOut(waiting))
    } else timer = setTimeout(tick, Math.min(left, LOOK_MILLIS))
  }

  sleep()
  if (!isOver) tick()
  return finish
}

/** `start` as a promise. Rejects with the signal's reason when it aborts. */
export const waitPromise = <A>(waiting: Waiting<A>, signal?: AbortSignal): Promise<A> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const done = () => signal?.removeEventListener("abort", onAbort)
    signal?.addEventListener("abort", onAbort, { once: true })
    const cancel = start(waiting, {
      value: (value) => {
        done()
        resolve(value)
      },
      error: (error) => {
        done()
        reject(error)
      },
    })
  })
