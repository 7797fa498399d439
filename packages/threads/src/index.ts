/**
 * A pool of worker threads that runs typed tasks and shares memory.
 *
 * @since 0.1.0
 */
export * as Carried from "./Carried.ts"
export * as InlineError from "./InlineError.ts"
export * as Parallel from "./Parallel.ts"
export * as Pool from "./Pool.ts"
export * as PoolMetrics from "./PoolMetrics.ts"
export { threadExited } from "./shared/threadExited.ts"
export * as SharedArray from "./SharedArray.ts"
export * as SharedBarrier from "./SharedBarrier.ts"
export * as SharedCounter from "./SharedCounter.ts"
export * as SharedLatch from "./SharedLatch.ts"
export * as SharedMemoryError from "./SharedMemoryError.ts"
export * as SharedMutex from "./SharedMutex.ts"
export * as SharedRing from "./SharedRing.ts"
export * as SharedSemaphore from "./SharedSemaphore.ts"
export * as ThreadEntry from "./ThreadEntry.ts"
export * as Threads from "./Threads.ts"
export * as ThreadsError from "./ThreadsError.ts"
export * as WebWorker from "./WebWorker.ts"
