/**
 * Shared memory without Effect, for bare thread entries and programs that block: the same handles as the
 * modules of the same names in `@manycore/threads`, which add Schemas and Effects.
 *
 * @since 0.1.0
 */
export * as SharedBarrier from "./shared/SharedBarrier.ts"
export * as SharedCounter from "./shared/SharedCounter.ts"
export * as SharedLatch from "./shared/SharedLatch.ts"
export * as SharedMemoryError from "./shared/SharedMemoryError.ts"
export * as SharedMutex from "./shared/SharedMutex.ts"
export * as SharedRing from "./shared/SharedRing.ts"
export * as SharedSemaphore from "./shared/SharedSemaphore.ts"
export { threadExited } from "./shared/threadExited.ts"
