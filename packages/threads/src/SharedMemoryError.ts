/**
 * What can go wrong with locks, barriers and rings in shared memory: one error with a reason for each
 * case that a caller would treat differently. A plain class, because threads without Effect throw it
 * too.
 *
 * @since 0.1.0
 */
import { Schema, SchemaTransformation } from "effect"

import { type Reason, SharedMemoryError } from "./shared/SharedMemoryError.ts"

export * from "./shared/SharedMemoryError.ts"

const operation = Schema.String
const threadId = Schema.Int

const reason: Schema.Codec<Reason> = Schema.Union([
  Schema.TaggedStruct("TimedOut", { operation, timeoutMillis: Schema.Finite }),
  Schema.TaggedStruct("HolderDied", { operation, threadId }),
  Schema.TaggedStruct("BlockingRefused", { operation }),
  Schema.TaggedStruct("WouldDeadlock", { operation }),
  Schema.TaggedStruct("NotHolder", { operation }),
  Schema.TaggedStruct("RingClosed", { operation }),
  Schema.TaggedStruct("RoleTaken", { operation, threadId }),
  Schema.TaggedStruct("MessageTooLarge", { bytes: Schema.Int, maxBytes: Schema.Int }),
  Schema.TaggedStruct("InvalidArgument", {
    argument: Schema.String,
    value: Schema.Unknown,
    expected: Schema.String,
  }),
])

/**
 * The error in a task's contract, for tasks that use locks: it arrives as its class, without the stack.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedMemoryError, Reason>(
  (value): value is SharedMemoryError => value instanceof SharedMemoryError,
  {
    expected: "SharedMemoryError",
    toCodec: () =>
      Schema.link<SharedMemoryError>()(
        reason,
        SchemaTransformation.transform({
          decode: (reason) => new SharedMemoryError(reason),
          encode: (error) => error.reason,
        }),
      ),
  },
)
