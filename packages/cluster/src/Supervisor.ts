/**
 * Supervises the worker processes of an application: forks them, replaces one that ends by itself,
 * moves to new code, and stops all of them, without losing a request that has been sent. The workers
 * share their ports.
 *
 * Shutdown, when the Scope closes (`runMain` closes it on SIGTERM and SIGINT):
 * 1. Who has connected is let in and handed to a worker, then the ports are closed.
 * 2. Each worker gets no new connections, and is told to finish what it has; its answers carry
 *    `Connection: close`, idle connections stay open for `lameDuck`.
 * 3. A worker that has nothing left, or is still there after `drainTimeout`, gets `killSignal`.
 * 4. A worker that is still there after `killTimeout` more gets SIGKILL.
 * 5. The Scope is closed only when every worker has exited.
 *
 * What is decided is decided in `internal/fleet`; this module gives it a face.
 *
 * @since 0.1.0
 */
import type { AskMany } from "@manycore/ipc"
import { Context, Effect, Layer, type Scope, type Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import type { Announced } from "./internal/engine/Announcements.ts"
import * as main from "./internal/runMain.ts"
import * as Simulated from "./internal/simulation.ts"
import { start, supervise } from "./internal/supervise.ts"
import type { Sizing } from "./Sizing.ts"
import type { SupervisorError } from "./SupervisorError.ts"
import type {
  GroupOptions,
  Options,
  ReloadOptions,
  ScaleOptions,
  Which,
} from "./SupervisorOptions.ts"
import type * as Worker from "./Worker.ts"

export { Scheduling } from "./Scheduling.ts"
export type * from "./SupervisorOptions.ts"

/**
 * What happens to workers, as it happens. `missed` is how many events before this one a listener has lost
 * because it was late; `workers` tells how things stand.
 *
 * @category models
 * @since 0.1.0
 */
export type Event = Announced

/**
 * The supervisor of this process. `reload`, `scale` and `restart` happen one at a time, in the order
 * in which they were asked; interrupting one does not undo it.
 *
 * @category services
 * @since 0.1.0
 */
export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** The workers as they are now. During a reload a place has two processes. */
    readonly workers: Effect.Effect<ReadonlyArray<Worker.Snapshot>>
    /**
     * What happens from now on, until the last worker has stopped. It waits for nobody: a listener that is
     * late finds the newest 1024 events, and in the first of them how many it missed.
     */
    readonly events: Stream.Stream<Event>
    /** The port on which a worker listened last; null until one has. */
    readonly port: Effect.Effect<number | null>
    /**
     * So many workers from now on. Succeeds when the new ones are ready, or those too many are gone.
     * Fails with `StartFailed` when a new one does not get ready; then the new ones go.
     */
    readonly scale: (
      workers: Sizing,
      options?: ScaleOptions,
    ) => Effect.Effect<void, SupervisorError>
    /**
     * Replace every worker, by default with the same program anew. Succeeds when only the new ones
     * are left. Fails with `ReloadFailed` as soon as a new one crashes or misses its `startTimeout`;
     * then the new ones go, and the old ones have never stopped serving.
     */
    readonly reload: (options?: ReloadOptions) => Effect.Effect<void, SupervisorError>
    /**
     * Stop workers, all that are meant at once, and start them again; those that were given up too.
     * Succeeds when they are ready. Fails with `StartFailed` when one is not.
     */
    readonly restart: (which?: Which) => Effect.Effect<void, SupervisorError>
    /** Stop all workers, as at the end of the Scope. Nothing can be started after it. */
    readonly stop: Effect.Effect<void>
    /** Send a signal to workers. What follows when they end is the restart policy's. */
    readonly signal: (signal: NodeJS.Signals, which?: Which) => Effect.Effect<void, SupervisorError>
    /** Fails with `GaveUp` when no worker is left that would be started again. */
    readonly gaveUp: Effect.Effect<never, SupervisorError>
    /** Ask one worker, by its id. It serves the group with `ClusterWorker.answer` or `answer`. */
    readonly ask: <Rpcs extends Rpc.Any, const Tag extends AskMany.Unary<Rpcs>["_tag"]>(
      group: RpcGroup.RpcGroup<Rpcs>,
      id: number,
      tag: Tag,
      payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
      options?: AskMany.Options,
    ) => Effect.Effect<
      Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>,
      | AskMany.CallError<Rpc.ExtractTag<Rpcs, Tag>>
      | AskMany.LateAnswer
      | AskMany.UnknownWorker
      | SupervisorError,
      Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>> | Rpc.MiddlewareClient<Rpcs>
    >
    /** Ask all workers at once; the answer or failure of each, by id. */
    readonly broadcast: <Rpcs extends Rpc.Any, const Tag extends AskMany.Unary<Rpcs>["_tag"]>(
      group: RpcGroup.RpcGroup<Rpcs>,
      tag: Tag,
      payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
      options?: AskMany.Options,
    ) => Effect.Effect<
      Readonly<Record<number, AskMany.Answer<Rpc.ExtractTag<Rpcs, Tag>>>>,
      never,
      Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>> | Rpc.MiddlewareClient<Rpcs>
    >
    /** Answer calls of all workers, until the Scope closes. */
    readonly serve: <Rpcs extends Rpc.Any>(
      group: RpcGroup.RpcGroup<Rpcs>,
    ) => Effect.Effect<
      void,
      never,
      Scope.Scope | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
    >
  }
>()("@manycore/cluster/Supervisor") {}

type Service = Supervisor["Service"]

/**
 * Start the workers of one program. Succeeds when every one of them is ready. Fails with `NotAlone`,
 * `InvalidOption`, `ProgramNotFound`, `Unsupported`, or with `StartFailed` when a worker fails before
 * that.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fn("Supervisor.make")(
  (options: Options): Effect.Effect<Service, SupervisorError, Scope.Scope> =>
    supervise([{ ...options, name: "main" }], options, "oneForOne"),
)

/**
 * Start the workers of several programs. Fails as `make` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeGroups = Effect.fn("Supervisor.makeGroups")(
  (options: GroupOptions): Effect.Effect<Service, SupervisorError, Scope.Scope> =>
    supervise(options.groups, options, options.strategy ?? "oneForOne"),
)

/**
 * `make` as a Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Supervisor, SupervisorError> =>
  Layer.effect(Supervisor)(make(options))

/**
 * `makeGroups` as a Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerGroups = (options: GroupOptions): Layer.Layer<Supervisor, SupervisorError> =>
  Layer.effect(Supervisor)(makeGroups(options))

/**
 * Workers that exist in memory only. Everything else is real: `signal` with SIGKILL is a crash, the
 * restart policy waits on the Clock, `reload` moves from one spec to the next. They serve nothing and
 * cannot be asked.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTest = (
  options: Partial<Options> & Simulated.Simulation = {},
): Layer.Layer<Supervisor, SupervisorError> =>
  Layer.effect(Supervisor)(
    start({
      launcher: Simulated.make(options),
      groups: [{ program: "simulated", workers: 2, ...options, name: "main" }],
      strategy: "oneForOne",
      look: () => ({ isFile: true, isFolder: true }),
    }),
  )

/**
 * Run a program that uses a supervisor as the main program of the process. SIGTERM and SIGINT end
 * it gracefully, a second one kills the workers at once; SIGHUP reloads, and says on stderr why when
 * that fails. Those that come during a reload are one more, not many.
 *
 * Exit code 0 after a graceful stop; 1 after one in which a worker had to be killed or failed, after
 * a worker was given up, and after a failure, which is printed as one sentence on stderr.
 *
 * @category running
 * @since 0.1.0
 */
export const runMain: <A, E>(program: Effect.Effect<A, E>) => void = main.runMain
