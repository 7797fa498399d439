/**
 * A pool of worker threads that runs typed tasks and shares memory.
 *
 * @since 0.1.0
 */
export * as Pool from "./Pool.ts"
export * as SharedCounter from "./SharedCounter.ts"
export * as ThreadEntry from "./ThreadEntry.ts"
export * as ThreadsError from "./ThreadsError.ts"
