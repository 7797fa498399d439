/**
 * A pool of worker threads that runs the tasks of a contract, one task per thread at a time.
 *
 * The pool owns its threads: it starts them, replaces one that dies, and ends all of them. What a
 * task does is the entry file's business (`ThreadEntry`).
 *
 * Shutdown, when the Scope closes:
 * 1. New tasks and those that wait for a thread fail with `PoolClosed`; tasks in flight get `closeTimeout` to finish.
 * 2. Then their threads are terminated and they fail with `PoolClosed`.
 * 3. Idle threads are told to finish, and terminated if they do not.
 * 4. The Scope is closed only when every thread is gone.
 *
 * @since 0.1.0
 */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"

import { IpcError } from "@manycore/ipc"
import { Deferred, Duration, Effect, Exit, Pool as Threads, Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type { RpcClient } from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { makeTasks } from "./internal/makeTasks.ts"
import * as Thread from "./internal/Thread.ts"
import {
  EntryNotFound,
  InvalidOption,
  InvalidPayload,
  PoolClosed,
  ThreadExited,
  ThreadsError,
} from "./ThreadsError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The file that each thread runs; it calls `ThreadEntry.run` with the same contract. */
  readonly entry: URL
  /** How many threads. Default `os.availableParallelism()`. */
  readonly size?: number
  /** What a profiler calls the threads. Default `manycore`. */
  readonly name?: string
  /** How long a thread may take until it serves. Default 10 seconds. */
  readonly startTimeout?: Duration.Input
  /** How long tasks in flight may take when the pool closes. Default 5 seconds. */
  readonly closeTimeout?: Duration.Input
}

/**
 * The tasks of a contract: one function per rpc, an Effect or a Stream, which fails with the task's
 * own error or with `ThreadsError`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tasks<Rpcs extends Rpc.Any> = RpcClient<Rpcs, ThreadsError>

/**
 * What a pool has done so far.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stats {
  /** How many threads the pool keeps. */
  readonly size: number
  /** Threads started, replacements included. */
  readonly started: number
  /** Threads that ended by themselves: `process.exit`, an uncaught error, out of memory. */
  readonly lost: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Pool<Rpcs extends Rpc.Any> {
  /**
   * Run a task. Suspends until a thread is free. Interrupting it terminates the thread at once,
   * also one that is stuck in a loop, and a new thread takes its place.
   */
  readonly tasks: Tasks<Rpcs>
  readonly stats: Effect.Effect<Stats>
}

const check = Effect.fnUntraced(function* (options: Options) {
  const size = options.size ?? availableParallelism()
  if (!Number.isInteger(size) || size < 1) {
    return yield* new ThreadsError({
      reason: new InvalidOption({ option: "size", value: size, expected: "a whole number from 1" }),
    })
  }
  const file = fileURLToPath(options.entry)
  if (!existsSync(file)) return yield* new ThreadsError({ reason: new EntryNotFound({ file }) })
  return { size, file }
})

/** What became of a task whose call failed on the way to, on or back from its thread. */
const taskError = (task: string, threadId: number, error: IpcError.IpcError): ThreadsError => {
  const { reason } = error
  switch (reason._tag) {
    case "PeerExited": {
      const { cause, exitCode } = reason
      return new ThreadsError({
        reason: new ThreadExited({
          task,
          threadId,
          exitCode,
          ...(cause === undefined ? {} : { cause }),
        }),
      })
    }
    case "NotSerializable": {
      return new ThreadsError({ reason: new InvalidPayload({ task, cause: reason.cause }) })
    }
    default: {
      return new ThreadsError({
        reason: new ThreadExited({ task, threadId, exitCode: null, cause: reason }),
      })
    }
  }
}

const poolClosed = (task: string) => new ThreadsError({ reason: new PoolClosed({ task }) })

/**
 * Start a pool. Succeeds when the first thread serves; fails with `InvalidOption`, `EntryNotFound`
 * or `StartFailed`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fn("Pool.make")(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: Options,
): Effect.fn.Return<Pool<Rpcs>, ThreadsError, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> {
  const { file, size } = yield* check(options)
  const closeTimeout = options.closeTimeout ?? Duration.seconds(5)
  const closing = yield* Deferred.make<void>()
  let started = 0
  let lost = 0
  const running = new Set<Thread.Thread<Rpcs>>()

  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) =>
    Effect.suspend(() => {
      Deferred.doneUnsafe(closing, Effect.void)
      const terminate = Effect.forEach(running, (thread) => thread.terminate, { discard: true })
      return Effect.scoped(
        Effect.andThen(
          Effect.forkScoped(Effect.delay(terminate, closeTimeout)),
          Scope.close(scope, Exit.void),
        ),
      )
    }),
  )

  const startThread = Effect.gen(function* () {
    started++
    const thread = yield* Thread.make(group, {
      entry: options.entry,
      file,
      name: `${options.name ?? "manycore"}-${started}`,
      startTimeout: options.startTimeout ?? Duration.seconds(10),
      closeTimeout,
      onLost: () => {
        lost++
      },
    })
    // One that dies while it is idle is replaced too.
    yield* thread.closed.pipe(
      Effect.andThen(Effect.suspend(() => Threads.invalidate(threads, thread))),
      Effect.forkScoped,
    )
    return thread
  })
  const threads: Threads.Pool<Thread.Thread<Rpcs>, ThreadsError> = yield* Threads.make({
    acquire: startThread,
    size,
  }).pipe(Scope.provide(scope))
  yield* Threads.use(threads, () => Effect.void)

  const retire = (thread: Thread.Thread<Rpcs>) =>
    Effect.andThen(thread.terminate, Threads.invalidate(threads, thread))

  /** A thread that was alive when we took it; `use` runs on it alone. */
  const lease: Effect.Effect<Thread.Thread<Rpcs>, ThreadsError, Scope.Scope> = Effect.flatMap(
    Threads.get(threads),
    (thread) =>
      thread.isOver()
        ? Effect.andThen(Threads.invalidate(threads, thread), lease)
        : Effect.acquireRelease(
            Effect.sync(() => {
              running.add(thread)
              return thread
            }),
            (_, exit) => {
              running.delete(thread)
              return Exit.hasInterrupts(exit) ? retire(thread) : Effect.void
            },
          ),
  )

  const tasks = makeTasks(group, {
    // Who still waits for a thread when the pool closes gets none.
    lease: (task) =>
      Effect.suspend(() => {
        const refused = Effect.fail(poolClosed(task))
        if (Deferred.isDoneUnsafe(closing)) return refused
        return Effect.raceFirst(lease, Effect.andThen(Deferred.await(closing), refused))
      }),
    retire,
    toError: (task, thread, error) => {
      if (!(error instanceof IpcError.IpcError)) return error
      return Deferred.isDoneUnsafe(closing)
        ? poolClosed(task)
        : taskError(task, thread.threadId, error)
    },
  })

  return {
    tasks,
    stats: Effect.sync(() => ({ size, started, lost })),
  }
})
