/**
 * The other side of a Pool: what a thread's entry file calls.
 *
 * A thread ends when its pool says so: handlers in flight are interrupted, the Layers are released,
 * and the thread exits by itself.
 *
 * @since 0.1.0
 */
import { Ipc } from "@manycore/ipc"
import { Effect, type Layer } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

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
  handlers: Layer.Layer<Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>, E>,
): void => {
  const main = Effect.provide(Ipc.serve(group), handlers)
  // A rejection that nobody handles ends the thread with its error, which is what we want.
  void Effect.runPromise(main)
}
