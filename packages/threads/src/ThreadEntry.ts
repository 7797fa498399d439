/**
 * The thread's side of a `Pool` with Effect: handlers are Effects and Streams, which a caller that
 * goes interrupts, with Layers that are built once per thread. `@manycore/threads/bare` is the same
 * without Effect, for threads that must start fast and stay small.
 *
 * A thread ends when its pool says so: the Layers are released, and the thread exits by itself.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Layer, Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { effectHandlers } from "./internal/host/effectHandlers.ts"
import { Host } from "./internal/host/Host.ts"

/**
 * Serve a contract to the pool that started this thread: the whole of an entry file.
 *
 * A failure of `handlers` ends the thread with that error, which the pool reports as `StartFailed`.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <Rpcs extends Rpc.Any, E>(
  group: RpcGroup.RpcGroup<Rpcs>,
  handlers: Layer.Layer<Rpc.ToHandler<Rpcs> | Rpc.ServicesServer<Rpcs>, E>,
): void => {
  const scope = Scope.makeUnsafe()
  // It lives by its link to the pool.
  void new Host({
    setup: () =>
      Effect.runPromise(
        Effect.map(Layer.buildWithScope(handlers, scope), (services) => ({
          handlers: effectHandlers(group, services),
        })),
      ),
    teardown: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  })
}
