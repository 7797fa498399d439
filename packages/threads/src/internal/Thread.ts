/**
 * One worker thread that serves a contract: started, ready, and gone when its Scope closes.
 *
 * Shutdown:
 * 1. The channel closes, which tells the thread; it finishes its Scope and exits.
 * 2. A thread that is still there after `closeTimeout`, or was doomed before, is terminated.
 * 3. The Scope is closed only when the thread is gone.
 */
import { Worker } from "node:worker_threads"

import { Ipc, type IpcError, PortChannel } from "@manycore/ipc"
import { Deferred, type Duration, Effect, type Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { StartFailed, ThreadsError } from "../ThreadsError.ts"

export interface Thread<Rpcs extends Rpc.Any> {
  readonly threadId: number
  readonly client: Ipc.Client<Rpcs>
  /** Waits for the end of the thread. */
  readonly closed: Effect.Effect<IpcError.CloseReason>
  /** End it now, whatever it does. Harmless when it has ended. */
  readonly terminate: Effect.Effect<void>
  /** Has it ended, or been told to? */
  readonly isOver: () => boolean
}

export interface ThreadOptions {
  readonly entry: URL
  readonly file: string
  readonly name: string
  readonly startTimeout: Duration.Input
  readonly closeTimeout: Duration.Input
  /** The thread ended although nobody asked it to. */
  readonly onLost: () => void
}

/** The uncaught error of a thread that ended, or what it should have done. */
const whyNot = (reason: IpcError.IpcError["reason"]): unknown => {
  if (reason._tag === "NotServed") {
    return new Error("it did not serve within startTimeout: call ThreadEntry.run")
  }
  return reason._tag === "PeerExited" && reason.cause !== undefined ? reason.cause : reason
}

export const make = Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: ThreadOptions,
): Effect.fn.Return<Thread<Rpcs>, ThreadsError, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> {
  let over = false
  let serves = false
  const exited = Deferred.makeUnsafe<void>()
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(options.entry, { name: options.name })),
    (worker) =>
      Effect.suspend(() =>
        Effect.timeoutOrElse(Deferred.await(exited), {
          duration: over ? 0 : options.closeTimeout,
          orElse: () => Effect.promise(() => worker.terminate()),
        }),
      ),
  )
  const threadId = worker.threadId
  worker.once("exit", () => {
    if (!over && serves) options.onLost()
    over = true
    Deferred.doneUnsafe(exited, Effect.void)
  })

  const channel = yield* PortChannel.fromWorker(worker)
  yield* Ipc.awaitServed(channel, { serveTimeout: options.startTimeout }).pipe(
    Effect.mapError(
      ({ reason }) =>
        new ThreadsError({
          reason: new StartFailed({ file: options.file, cause: whyNot(reason) }),
        }),
    ),
    // What does not even start gets no time to close.
    Effect.onError(() =>
      Effect.sync(() => {
        over = true
      }),
    ),
  )
  serves = true
  // From here on the end is ours.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      serves = false
    }),
  )

  return {
    threadId,
    client: yield* Ipc.client(group, channel),
    closed: channel.closed,
    terminate: Effect.suspend(() => {
      over = true
      return Effect.promise(() => worker.terminate())
    }),
    isOver: () => over,
  }
})
