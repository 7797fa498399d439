/**
 * One word of shared memory for each task that a thread holds. Both sides change it by compare and
 * exchange, so each knows without a message who came first: the thread, which starts the task, or
 * the pool, which takes it back.
 *
 * | from | to | by |
 * | --- | --- | --- |
 * | free | queued | the pool, before it sends the task |
 * | queued | started | the thread, before it runs it |
 * | queued | reclaimed | the pool: the task is cancelled, or runs elsewhere |
 * | started, reclaimed | free | the pool, when the thread has said that it is over |
 *
 * A reclaimed word is free only when the thread has seen it: the message about it is still under way,
 * and would start whatever stands in its place.
 */
const free = 0
const queued = 1
const started = 2
const reclaimed = 3

/** Tasks under way to one thread, those included whose reclaimed word it has not seen yet. */
export const mostSlots = 1024

/** The first word says which slot runs right now, plus one; 0 where none does. */
const runningWord = 0
/** The second one is where the thread waits: 1 while it does. */
const restWord = 1
const first = 2

export const makeWords = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (first + mostSlots)))

export const enqueue = (words: Int32Array, slot: number): void => {
  Atomics.store(words, first + slot, queued)
}

/** The thread's: true when the task is its own now. */
export const start = (words: Int32Array, slot: number): boolean =>
  Atomics.compareExchange(words, first + slot, queued, started) === queued

/** The pool's: true when the task has not started, and will not. */
export const reclaim = (words: Int32Array, slot: number): boolean =>
  Atomics.compareExchange(words, first + slot, queued, reclaimed) === queued

export const isQueued = (words: Int32Array, slot: number): boolean =>
  Atomics.load(words, first + slot) === queued

export const release = (words: Int32Array, slot: number): void => {
  Atomics.store(words, first + slot, free)
}

/** The thread's: this slot's code has the thread for itself until `setRunning(words, -1)`. */
export const setRunning = (words: Int32Array, slot: number): void => {
  Atomics.store(words, runningWord, slot + 1)
}

/** The slot whose code has the thread for itself; -1 where none has. */
export const running = (words: Int32Array): number => Atomics.load(words, runningWord) - 1

/** The thread's: from now on, whoever sends it something wakes it. */
export const prepareRest = (words: Int32Array): void => {
  Atomics.store(words, restWord, 1)
}

/** The thread's: wait until it is woken, or for so many ms; not at all when it was woken before. */
export const rest = (words: Int32Array, millis: number): "ok" | "not-equal" | "timed-out" =>
  Atomics.wait(words, restWord, 1, millis)

/** The thread's: it is awake. */
export const endRest = (words: Int32Array): void => {
  Atomics.store(words, restWord, 0)
}

/** The pool's, after it has sent something. */
export const wake = (words: Int32Array): void => {
  if (Atomics.load(words, restWord) === 0) return
  Atomics.store(words, restWord, 0)
  Atomics.notify(words, restWord)
}
