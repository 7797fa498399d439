/** Threads for the tests of shared memory: each does one job, and none outlives the Scope. */
import { Worker } from "node:worker_threads"

import { threadExited } from "@manycore/threads/shared"
import { Deferred, Effect, type Scope } from "effect"

import type { Job } from "../fixtures/sharedJobs.ts"

export interface Thread {
  readonly threadId: number
  /** What the job found; dies when the thread ended without. */
  readonly found: Effect.Effect<unknown>
  readonly exit: Effect.Effect<number>
  readonly terminate: Effect.Effect<void>
}

/** @param options.recover tell shared memory of the exit, as a pool does. Default true. */
export const start = (
  job: Job,
  options: { readonly recover?: boolean } = {},
): Effect.Effect<Thread, never, Scope.Scope> =>
  Effect.gen(function* () {
    const found = yield* Deferred.make<unknown>()
    const exited = yield* Deferred.make<number>()
    const worker = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Worker(new URL("../fixtures/shared.worker.ts", import.meta.url), { workerData: job }),
      ),
      (worker) => Effect.promise(() => worker.terminate()),
    )
    const { threadId } = worker
    worker.once("message", (value: unknown) => Deferred.doneUnsafe(found, Effect.succeed(value)))
    worker.once("error", (error) => Deferred.doneUnsafe(found, Effect.die(error)))
    worker.once("exit", (code) => {
      if (options.recover !== false) threadExited(threadId)
      Deferred.doneUnsafe(found, Effect.die(new Error(`the thread exited with ${code}`)))
      Deferred.doneUnsafe(exited, Effect.succeed(code))
    })
    return {
      threadId,
      found: Deferred.await(found),
      exit: Deferred.await(exited),
      terminate: Effect.promise(() => worker.terminate()),
    }
  })
