/**
 * `Supervisor` with promises. No logic of its own: everything is described there.
 *
 * @since 0.1.0
 */
import type { AskMany } from "@manycore/ipc"
import { Effect, Exit, Fiber, Layer, ManagedRuntime, Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import type { Sizing } from "./Sizing.ts"
import * as Supervisor from "./Supervisor.ts"
import type { SupervisorError } from "./SupervisorError.ts"
import type {
  GroupOptions,
  Options,
  ReloadOptions,
  ScaleOptions,
  Which,
} from "./SupervisorOptions.ts"
import type * as Worker from "./Worker.ts"

export * as Readiness from "./Readiness.ts"
export * as RestartPolicy from "./RestartPolicy.ts"
export * as SupervisorErrors from "./SupervisorError.ts"
export type { Event, Group, GroupOptions, Options, ReloadOptions, Which } from "./Supervisor.ts"

const runtime = ManagedRuntime.make(Layer.empty)

/**
 * @category models
 * @since 0.1.0
 */
export interface CallOptions extends AskMany.Options {
  /** Interrupts the call, and its handler. */
  readonly signal?: AbortSignal
}

/**
 * A running supervisor. Methods reject with `SupervisorError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running extends AsyncDisposable {
  readonly workers: () => Promise<ReadonlyArray<Worker.Snapshot>>
  /** From the first `next()` on; see `Supervisor.events`. Ends when the last worker has stopped. */
  readonly events: () => AsyncIterable<Supervisor.Event>
  readonly port: () => Promise<number | null>
  readonly scale: (workers: Sizing, options?: ScaleOptions) => Promise<void>
  readonly reload: (options?: ReloadOptions) => Promise<void>
  readonly restart: (which?: Which) => Promise<void>
  readonly signal: (signal: NodeJS.Signals, which?: Which) => Promise<void>
  /** Rejects with `GaveUp` when no worker is left that would be started again. */
  readonly gaveUp: () => Promise<never>
  readonly ask: <Rpcs extends Rpc.Any, const Tag extends AskMany.Unary<Rpcs>["_tag"]>(
    group: RpcGroup.RpcGroup<Rpcs>,
    id: number,
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: CallOptions,
  ) => Promise<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>>
  /** What each worker answered, by id: fulfilled or rejected. */
  readonly broadcast: <Rpcs extends Rpc.Any, const Tag extends AskMany.Unary<Rpcs>["_tag"]>(
    group: RpcGroup.RpcGroup<Rpcs>,
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: CallOptions,
  ) => Promise<
    Readonly<Record<number, PromiseSettledResult<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>>>>
  >
  /** Stops the workers gracefully, and is fulfilled when all of them have gone. */
  readonly stop: () => Promise<void>
}

const settled = <A, E>(exit: Exit.Exit<A, E>): PromiseSettledResult<A> =>
  Exit.match(exit, {
    onSuccess: (value): PromiseSettledResult<A> => ({ status: "fulfilled", value }),
    onFailure: (cause) => ({ status: "rejected", reason: Exit.failCause(cause) }),
  })

const run = runtime.runPromise

type Service = Supervisor.Supervisor["Service"]

const open = async (make: Effect.Effect<Service, SupervisorError, Scope.Scope>) => {
  const scope = Scope.makeUnsafe()
  const stop = () => run(Scope.close(scope, Exit.void))
  const supervisor = await run(Scope.provide(make, scope)).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return toRunning(supervisor, stop)
}

const toRunning = (supervisor: Service, stop: () => Promise<void>): Running => {
  return {
    workers: () => run(supervisor.workers),
    events: () => Stream.toAsyncIterable(supervisor.events),
    port: () => run(supervisor.port),
    scale: (workers, options) => run(supervisor.scale(workers, options)),
    reload: (options) => run(supervisor.reload(options)),
    restart: (which) => run(supervisor.restart(which)),
    signal: (signal, which) => run(supervisor.signal(signal, which)),
    gaveUp: () => run(supervisor.gaveUp),
    // Without Effect there are no services to give: contracts with middleware are not for it.
    ask: (group, id, tag, payload, options) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      run(supervisor.ask(group, id, tag, payload, options) as Effect.Effect<never>, options),
    broadcast: async (group, tag, payload, options) => {
      const exits = await run(
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
        supervisor.broadcast(group, tag, payload, options) as Effect.Effect<
          Record<number, Exit.Exit<never, unknown>>
        >,
        options,
      )
      return Object.fromEntries(Object.entries(exits).map(([id, exit]) => [id, settled(exit)]))
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * `Supervisor.make` with a Scope of its own: stopped by `stop()` or `await using`. Rejects with
 * `SupervisorError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (options: Options): Promise<Running> => open(Supervisor.make(options))

/**
 * `Supervisor.makeGroups` with a Scope of its own, as `start`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startGroups = (options: GroupOptions): Promise<Running> =>
  open(Supervisor.makeGroups(options))

/**
 * `start` as the main program of the process, as `Supervisor.runMain`: SIGTERM and SIGINT stop the
 * workers gracefully, a second one kills them, SIGHUP reloads. The process ends when the workers have
 * stopped, with code 0 or 1.
 *
 * @param started called when every worker is ready. What it throws or rejects with stops everything, is
 * printed as one sentence, and makes the exit code 1.
 * @category running
 * @since 0.1.0
 */
export const runMain = (options: Options, started?: (supervisor: Running) => unknown): void =>
  Supervisor.runMain(
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.make(options)
      const running = toRunning(supervisor, () => run(supervisor.stop))
      const stopped = yield* Effect.forkChild(Stream.runDrain(supervisor.events), {
        startImmediately: true,
      })
      yield* Effect.promise(async () => started?.(running))
      yield* Fiber.join(stopped)
    }).pipe(Effect.scoped),
  )
