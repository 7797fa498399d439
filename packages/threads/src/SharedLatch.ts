/**
 * A gate that opens once, when it has been counted down to zero, and stays open. It starts and stops
 * nothing, and nobody holds it: where a thread may die before it counts, whoever waits sets a timeout,
 * or whoever sees the death calls `open`.
 *
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"

import { waiting } from "./internal/shared/latch.ts"
import { attempt, millisOf, type TimeoutOptions, waitEffect } from "./internal/shared/waitEffect.ts"
import { isSharedLatch, type SharedLatch } from "./shared/SharedLatch.ts"
import type { SharedMemoryError } from "./shared/SharedMemoryError.ts"

export * from "./shared/SharedLatch.ts"

/**
 * A latch in a task's payload or result. It crosses by reference, between threads of one process only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedLatch>(isSharedLatch, { expected: "SharedLatch" })

const awaitOpen = (
  self: SharedLatch,
  options: TimeoutOptions = {},
): Effect.Effect<void, SharedMemoryError> =>
  attempt(() => waiting(self, millisOf(options))).pipe(Effect.flatMap(waitEffect), Effect.asVoid)

export {
  /**
   * Wait until the latch is open. The fiber waits, and its thread goes on. Fails with `TimedOut`.
   *
   * @category operations
   * @since 0.1.0
   */
  awaitOpen as await,
}
