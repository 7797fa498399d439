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
import { Effect, Schema } from "effect"

import { visit, wasTooLate } from "./internal/shared/barrier.ts"
import { attempt, millisOf, type TimeoutOptions, waitEffect } from "./internal/shared/waitEffect.ts"
import { isSharedBarrier, type SharedBarrier } from "./shared/SharedBarrier.ts"
import type { SharedMemoryError } from "./shared/SharedMemoryError.ts"

export * from "./shared/SharedBarrier.ts"

/**
 * A barrier in a task's payload or result. It crosses by reference, between threads of one process only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedBarrier>(isSharedBarrier, { expected: "SharedBarrier" })

const awaitAll = (
  self: SharedBarrier,
  options: TimeoutOptions = {},
): Effect.Effect<void, SharedMemoryError> =>
  Effect.acquireUseRelease(
    attempt(() => visit(self, millisOf(options))),
    ({ isOver, waiting }) =>
      Effect.catchIf(
        waitEffect(waiting),
        (error) => wasTooLate(error) && isOver(),
        () => Effect.void,
      ),
    ({ leave }) => Effect.sync(leave),
  ).pipe(Effect.asVoid)

export {
  /**
   * Wait until all parties have come. The fiber waits, and its thread goes on. Fails with `TimedOut` or
   * `HolderDied`.
   *
   * @category operations
   * @since 0.1.0
   */
  awaitAll as await,
}
