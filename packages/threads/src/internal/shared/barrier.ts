/** The memory of `SharedBarrier`, and how it waits. */
import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"
import { type Handle, kind, me, threadOf } from "./Handle.ts"
import * as Signal from "./Signal.ts"
import * as Wait from "./wait.ts"

/**
 * Words: what it is; the signal; round and arrivals in one; 0 or who died inside; and places, 0 or who
 * stands there. A party of the next round may come before one of this round has left, so there are two
 * places for each.
 */
const SIGNAL = 1
export const STATE = 2
export const DEAD = 3
export const PLACES = 4

/** The low bits of STATE count arrivals, the others rounds. */
const ARRIVAL_BITS = 11
export const ARRIVALS = (1 << ARRIVAL_BITS) - 1

export const barrier = kind("SharedBarrier", 0x4d_43_62_61, (words, owner) => {
  for (let at = PLACES; at < words.length; at++) {
    if (Atomics.compareExchange(words, at, owner, 0) === owner) {
      Atomics.compareExchange(words, DEAD, 0, owner)
    }
  }
  Signal.wakeAnyway(words, SIGNAL)
})

const partiesOf = (words: Int32Array) => (words.length - PLACES) / 2
const roundOf = (state: number) => state >> ARRIVAL_BITS

/** The state in which the next round begins: nobody has come. */
export const nextRound = (state: number): number => (roundOf(state) + 1) << ARRIVAL_BITS

const checkWhoDied = (words: Int32Array, operation: string) => {
  const dead = Atomics.load(words, DEAD)
  if (dead !== 0) {
    throw new SharedMemoryError({ _tag: "HolderDied", operation, threadId: threadOf(dead) })
  }
}

/** Sign a place before arriving, so that a death is seen. -1 where more come than there are parties. */
const stand = (words: Int32Array): number => {
  for (let at = PLACES; at < words.length; at++) {
    if (Atomics.compareExchange(words, at, 0, me) === 0) return at
  }
  return -1
}

/** Answers the round that it waits for the end of. */
const arrive = (words: Int32Array): number => {
  for (;;) {
    const state = Atomics.load(words, STATE)
    const isLast = (state & ARRIVALS) + 1 === partiesOf(words)
    const next = isLast ? nextRound(state) : state + 1
    if (Atomics.compareExchange(words, STATE, state, next) !== state) continue
    if (isLast) Signal.wake(words, SIGNAL)
    return roundOf(state)
  }
}

const takeBack = (words: Int32Array, round: number): void => {
  for (;;) {
    const state = Atomics.load(words, STATE)
    if (roundOf(state) !== round) return
    if (Atomics.compareExchange(words, STATE, state, state - 1) === state) return
  }
}

/** Gave up; it may be that all came at that moment. */
export const wasTooLate = (error: unknown): boolean =>
  error instanceof SharedMemoryError && error.reason._tag === "TimedOut"

/** What a party does between coming and going, for each way to wait. */
export interface Visit {
  readonly waiting: Wait.Waiting<true>
  /** Have all come? */
  readonly isOver: () => boolean
  /** Call it however the wait ended. Takes the arrival back, unless all had come. */
  readonly leave: () => void
}

/** Come to the barrier. Throws `HolderDied` where it is broken. */
export const visit = (
  self: Handle<"SharedBarrier">,
  timeoutMillis = Wait.defaultTimeoutMillis,
  operation = "SharedBarrier.await",
): Visit => {
  const words = barrier.words(self)
  checkWhoDied(words, operation)
  const place = stand(words)
  const round = arrive(words)
  const isOver = () => roundOf(Atomics.load(words, STATE)) !== round
  return {
    waiting: {
      words,
      at: SIGNAL,
      timeoutMillis,
      operation,
      attempt: () => {
        if (isOver()) return true
        checkWhoDied(words, operation)
        return undefined
      },
    },
    isOver,
    leave: () => {
      takeBack(words, round)
      if (place !== -1) Atomics.compareExchange(words, place, me, 0)
    },
  }
}
