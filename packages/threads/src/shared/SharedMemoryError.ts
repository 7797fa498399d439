/**
 * What can go wrong with locks, barriers and rings in shared memory: one error with a reason for each
 * case that a caller would treat differently. A plain class, because threads without Effect throw it
 * too.
 *
 * @since 0.1.0
 */

/**
 * Nothing happened within `timeoutMillis`. Who holds what is waited for may be stuck, or may have died
 * where nobody could tell.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly operation: string
  readonly timeoutMillis: number
}

/**
 * A thread died while it held the lock, stood in the barrier, or was the other end of the ring.
 *
 * @category models
 * @since 0.1.0
 */
export interface HolderDied {
  readonly _tag: "HolderDied"
  readonly operation: string
  readonly threadId: number
}

/**
 * A blocking wait on the main thread would stop timers, sockets and everything else of the process.
 *
 * @category models
 * @since 0.1.0
 */
export interface BlockingRefused {
  readonly _tag: "BlockingRefused"
  readonly operation: string
}

/**
 * A blocking wait for what this same thread holds would never end.
 *
 * @category models
 * @since 0.1.0
 */
export interface WouldDeadlock {
  readonly _tag: "WouldDeadlock"
  readonly operation: string
}

/**
 * This thread gave back what it does not hold.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotHolder {
  readonly _tag: "NotHolder"
  readonly operation: string
}

/**
 * The ring was closed, and what it held has been read.
 *
 * @category models
 * @since 0.1.0
 */
export interface RingClosed {
  readonly _tag: "RingClosed"
  readonly operation: string
}

/**
 * Another thread is the writer, or the reader, of this ring.
 *
 * @category models
 * @since 0.1.0
 */
export interface RoleTaken {
  readonly _tag: "RoleTaken"
  readonly operation: string
  readonly threadId: number
}

/**
 * The message does not fit into the ring even when it is empty.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageTooLarge {
  readonly _tag: "MessageTooLarge"
  readonly bytes: number
  readonly maxBytes: number
}

/**
 * A size, count or handle that makes no sense.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidArgument {
  readonly _tag: "InvalidArgument"
  readonly argument: string
  readonly value: unknown
  readonly expected: string
}

/**
 * @category models
 * @since 0.1.0
 */
export type Reason =
  | TimedOut
  | HolderDied
  | BlockingRefused
  | WouldDeadlock
  | NotHolder
  | RingClosed
  | RoleTaken
  | MessageTooLarge
  | InvalidArgument

const sentence = (reason: Reason): string => {
  switch (reason._tag) {
    case "TimedOut": {
      return `${reason.operation} waited ${reason.timeoutMillis} ms in vain; raise the timeout, or look for who does not let go`
    }
    case "HolderDied": {
      return `${reason.operation}: thread ${reason.threadId} died in the middle of it; put right what it left behind`
    }
    case "BlockingRefused": {
      return `${reason.operation} would block the main thread; use the form that answers an Effect or a promise`
    }
    case "WouldDeadlock": {
      return `${reason.operation} would wait for this same thread for ever`
    }
    case "NotHolder": {
      return `${reason.operation} gives back what this thread does not hold`
    }
    case "RingClosed": {
      return `${reason.operation}: the ring is closed`
    }
    case "RoleTaken": {
      return `${reason.operation} belongs to thread ${reason.threadId}; it can give the role up with leave`
    }
    case "MessageTooLarge": {
      return `a message of ${reason.bytes} bytes does not fit into a ring that takes ${reason.maxBytes}`
    }
    case "InvalidArgument": {
      return `${reason.argument} is ${String(reason.value)}, but must be ${reason.expected}`
    }
  }
}

/**
 * The failure of everything in shared memory. With Effect take one case with
 * `Effect.catchReason("SharedMemoryError", "TimedOut", …)`, else look at `reason._tag`.
 *
 * @category errors
 * @since 0.1.0
 */
export class SharedMemoryError extends Error {
  readonly _tag = "SharedMemoryError"
  readonly reason: Reason

  constructor(reason: Reason) {
    super(sentence(reason))
    this.name = "SharedMemoryError"
    this.reason = reason
  }
}
