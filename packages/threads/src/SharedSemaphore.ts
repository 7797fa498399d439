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
import { type Effect, Schema } from "effect"

import { waiting } from "./internal/shared/semaphore.ts"
import { bracket, millisOf, type TimeoutOptions } from "./internal/shared/waitEffect.ts"
import type { SharedMemoryError } from "./shared/SharedMemoryError.ts"
import { isSharedSemaphore, release, type SharedSemaphore } from "./shared/SharedSemaphore.ts"

export * from "./shared/SharedSemaphore.ts"

/**
 * A semaphore in a task's payload or result. It crosses by reference, between threads of one process
 * only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedSemaphore>(isSharedSemaphore, {
  expected: "SharedSemaphore",
})

/**
 * Run an effect with a permit. Its fiber waits, and its thread goes on. An interruption while it waits
 * takes nothing. Fails with `TimedOut` besides the effect's own errors.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPermit =
  (self: SharedSemaphore, options: TimeoutOptions = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SharedMemoryError, R> =>
    bracket(
      () => waiting(self, millisOf(options)),
      (permit) => release(self, permit),
      effect,
    )
