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
import { type Effect, Schema } from "effect"

import { waiting } from "./internal/shared/mutex.ts"
import { bracket, millisOf, type TimeoutOptions } from "./internal/shared/waitEffect.ts"
import type { SharedMemoryError } from "./shared/SharedMemoryError.ts"
import { isSharedMutex, type SharedMutex, unlock } from "./shared/SharedMutex.ts"

export * from "./shared/SharedMutex.ts"

/**
 * A lock in a task's payload or result. It crosses by reference, between threads of one process only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedMutex>(isSharedMutex, { expected: "SharedMutex" })

/**
 * Run an effect alone. Its fiber waits, and its thread goes on. An interruption while it waits takes
 * nothing. Fails with `TimedOut` or `HolderDied` besides the effect's own errors.
 *
 * @category operations
 * @since 0.1.0
 */
export const withLock =
  (self: SharedMutex, options: TimeoutOptions = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SharedMemoryError, R> =>
    bracket(
      () => waiting(self, millisOf(options)),
      () => unlock(self),
      effect,
    )
