/**
 * Messages of bytes from one thread to one other, through a ring of shared memory: no `postMessage`, and
 * no loop that must turn. One thread writes and one reads; the first to write is the writer and the
 * first to read the reader, until it calls `leave`. Messages arrive in order, once, unchanged and whole.
 * A full ring makes its writer wait. It starts and stops nothing.
 *
 * It is worth its trouble for small messages between threads that block (`readSync`). For anything else
 * tasks and streams of a pool are simpler.
 *
 * When the writer closes, or dies, the reader gets what is there, and then `RingClosed` or `HolderDied`;
 * when the reader does, the writer fails at once. The Scope that started a thread tells of its death (a
 * pool does by itself; for a `Worker` of your own call `threadExited`).
 *
 * @since 0.1.0
 */
import { Effect, Schema, Stream } from "effect"

import { read as readNow, readable, viewOf, writing } from "./internal/shared/ring.ts"
import { attempt, millisOf, type TimeoutOptions, waitEffect } from "./internal/shared/waitEffect.ts"
import type { SharedMemoryError } from "./shared/SharedMemoryError.ts"
import { isSharedRing, leave, type SharedRing } from "./shared/SharedRing.ts"

export * from "./shared/SharedRing.ts"

/**
 * A ring in a task's payload. It crosses by reference, between threads of one process only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.declare<SharedRing>(isSharedRing, { expected: "SharedRing" })

/**
 * Write a message. The fiber waits while there is no room, by default for ever, and its thread goes on.
 * Fails with `MessageTooLarge`, `RoleTaken`, `RingClosed`, `HolderDied` or `TimedOut`.
 *
 * @category writing
 * @since 0.1.0
 */
export const write = (
  self: SharedRing,
  bytes: Uint8Array,
  options: TimeoutOptions = {},
): Effect.Effect<void, SharedMemoryError> =>
  attempt(() => writing(self, bytes, millisOf(options))).pipe(
    Effect.flatMap(waitEffect),
    Effect.asVoid,
  )

/**
 * The next message. The fiber waits until there is one, by default for ever, and its thread goes on. An
 * interruption takes no message. Fails with `RoleTaken`, `RingClosed`, `HolderDied` or `TimedOut`.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function* (
  self: SharedRing,
  options: TimeoutOptions = {},
): Effect.fn.Return<Uint8Array, SharedMemoryError> {
  const waiting = yield* attempt(() => readable(self, millisOf(options)))
  for (;;) {
    yield* waitEffect(waiting)
    // Taken only when this fiber runs again: what it takes, it has.
    const bytes = yield* attempt(() => readNow(viewOf(self), "SharedRing.read"))
    if (bytes !== undefined) return bytes
  }
})

/**
 * All messages until the ring is closed. When the stream ends, or is no longer read, this thread is not
 * the reader any more. Fails with `RoleTaken` or `HolderDied`.
 *
 * @category reading
 * @since 0.1.0
 */
export const stream = (self: SharedRing): Stream.Stream<Uint8Array, SharedMemoryError> =>
  Stream.fromEffectRepeat(read(self)).pipe(
    Stream.catchIf(
      (error) => error.reason._tag === "RingClosed",
      () => Stream.empty,
    ),
    Stream.ensuring(Effect.sync(() => leave(self, "reader"))),
  )
