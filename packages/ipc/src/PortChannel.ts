/**
 * Channels between threads, over `MessagePort`. Values cross by structured clone, transferred
 * buffers move, a `SharedArrayBuffer` is shared.
 *
 * Starts and stops no thread: whoever made the Worker does. Closing a channel says goodbye, which
 * ends the other side's channel and lets an idle thread exit.
 *
 * @since 0.1.0
 */
import type { MessagePort, Worker } from "node:worker_threads"

import { Effect, type Scope } from "effect"

import { Link } from "./bare/Link.ts"
import { parentThreadWire, portWire, workerWire } from "./bare/portWire.ts"
import type { Channel, Options } from "./Channel.ts"
import { fromLink } from "./internal/fromLink.ts"
import { IpcError, NoParent } from "./IpcError.ts"

/**
 * A channel to a worker thread. It ends with `PeerExited` when the thread does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromWorker = (
  worker: Worker,
  options?: Options,
): Effect.Effect<Channel, never, Scope.Scope> =>
  fromLink(Effect.sync(() => new Link(workerWire(worker), options)))

/**
 * A channel over one end of a `MessageChannel`. The port is closed with the Scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPort = (
  port: MessagePort,
  options?: Options,
): Effect.Effect<Channel, never, Scope.Scope> =>
  fromLink(Effect.sync(() => new Link(portWire(port), options)))

/**
 * The channel to the thread that started this one. Fails with `NoParent` on a main thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent = (options?: Options): Effect.Effect<Channel, IpcError, Scope.Scope> =>
  Effect.suspend(() => {
    const wire = parentThreadWire()
    if (wire === undefined) {
      return Effect.fail(new IpcError({ peer: "parent thread", reason: new NoParent() }))
    }
    return fromLink(Effect.sync(() => new Link(wire, options)))
  })
