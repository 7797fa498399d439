/**
 * A whole number that threads share: eight bytes of shared memory, changed with `Atomics`, so no
 * update is lost however many threads add at once. It starts and stops nothing.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

import type { SharedCounter } from "./shared/SharedCounter.ts"

export * from "./shared/SharedCounter.ts"

/**
 * A counter in a task's payload or result. It crosses by reference, between threads of one process
 * only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedCounter>(
  (value): value is SharedCounter =>
    typeof value === "object" &&
    value !== null &&
    "buffer" in value &&
    value.buffer instanceof SharedArrayBuffer &&
    value.buffer.byteLength === BigInt64Array.BYTES_PER_ELEMENT,
  { expected: "SharedCounter" },
)
