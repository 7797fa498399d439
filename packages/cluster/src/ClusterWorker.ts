/**
 * The other side of a Supervisor: a worker program that drains its server, closes its Scope and
 * answers the primary's questions. Started by itself, without a supervisor, it is a plain program.
 *
 * Shutdown, when the primary says so, when the primary has died, or on SIGTERM:
 * 1. Answers say `Connection: close`, WebSockets get their close frame; no new connections come. Idle
 *    keep-alive connections stay open for the lame-duck time, for requests that are on their way.
 * 2. When no connection is left, the program's Layers are released.
 * 3. The process exits with code 0. The deadlines are the supervisor's; without one, the process
 *    exits with 1 when this took longer than `drainTimeout`.
 *
 * SIGINT is the primary's business: a terminal sends it to every process of the group.
 *
 * @since 0.1.0
 */
import cluster from "node:cluster"
import { createServer, type Server } from "node:http"

import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { type Channel, Channel as Channels, Ipc, type IpcError } from "@manycore/ipc"
import { Cause, Context, Deferred, Duration, Effect, Exit, Layer, Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { type NoFreePort, PrimaryRpcs, toPrimary } from "./internal/Control.ts"
import { sentence } from "./internal/sentence.ts"
import * as Agent from "./preload/Agent.ts"
import { sayLast } from "./preload/crash.ts"
import * as drain from "./preload/drain.ts"
import { sayReady } from "./preload/readiness.ts"
import * as openServers from "./preload/servers.ts"
import type * as Worker from "./Worker.ts"

/**
 * What a worker program knows of itself and of the others.
 *
 * @category services
 * @since 0.1.0
 */
export class ClusterWorker extends Context.Service<
  ClusterWorker,
  {
    /** All workers as the primary sees them; this process alone where there is no primary. */
    readonly workers: Effect.Effect<ReadonlyArray<Worker.Snapshot>, IpcError.IpcError>
    /** Waits until this worker is to stop. */
    readonly draining: Effect.Effect<void>
    /** To the primary; undefined where there is none. */
    readonly channel: Channel.Channel | undefined
    /** What port 0 means for all workers. */
    readonly freePort: (
      host: string | undefined,
    ) => Effect.Effect<number, IpcError.IpcError | NoFreePort>
    /** Servers made by `layerHttp`, with the requests that each has begun. */
    readonly servers: Map<Server, number>
  }
>()("@manycore/cluster/ClusterWorker") {}

/**
 * Where an HTTP server of a worker listens.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpOptions {
  /** Port that the workers share. 0 takes a free one, the same for all of them. */
  readonly port: number
  /** Address to listen on. Default: all of them. */
  readonly host?: string
}

/**
 * An HTTP server that counts its requests and drains with its worker.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttp = (options: HttpOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { freePort, servers } = yield* ClusterWorker
      const server = createServer()
      servers.set(server, 0)
      server.prependListener("request", () => servers.set(server, (servers.get(server) ?? 0) + 1))
      return NodeHttpServer.layer(() => server, {
        ...options,
        port: options.port === 0 ? yield* freePort(options.host) : options.port,
        // Whoever ends this worker has its own deadline for all of the shutdown.
        gracefulShutdownTimeout: Duration.infinity,
      })
    }),
  )

/**
 * Answer the calls of the primary's `ask` and `broadcast`. Nothing happens where there is no primary.
 *
 * @category layers
 * @since 0.1.0
 */
export const answer = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
): Layer.Layer<
  never,
  never,
  ClusterWorker | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { channel } = yield* ClusterWorker
      if (channel !== undefined) yield* Effect.forkScoped(Ipc.serveOn(group, channel))
    }),
  )

const sum = (servers: ReadonlyMap<Server, number>) => {
  let requests = 0
  for (const count of servers.values()) requests += count
  return requests
}

type Service = ClusterWorker["Service"]

/** How this process is told to stop, and how it goes. */
interface Stopping {
  /** It begins. */
  readonly draining: Deferred.Deferred<void>
  /** Nothing is left to finish, or the time is up. */
  readonly ended: Deferred.Deferred<void>
}

const complete = (deferred: Deferred.Deferred<void>) =>
  void Deferred.doneUnsafe(deferred, Effect.void)

/** Where a supervisor's preload runs: it drains, and says when. */
const supervised = (agent: Agent.Agent, stopping: Stopping) =>
  Effect.gen(function* () {
    const servers: Service["servers"] = new Map()
    agent.requests = () => sum(servers)
    agent.drainCallbacks.add(() => complete(stopping.draining))
    agent.finish = () => {
      complete(stopping.draining)
      for (const server of servers.keys()) server.closeAllConnections()
      complete(stopping.ended)
    }
    // Its link is the process's, and ends with it.
    const channel = yield* Scope.provide(Channels.fromLink(agent.link), Scope.makeUnsafe())
    const client = yield* Ipc.client(PrimaryRpcs, channel, toPrimary)
    return ClusterWorker.of({
      workers: client.Workers(),
      // Connections that the primary accepts for all share the port that the first one got.
      freePort: (host) => (agent.config.handsOver ? Effect.succeed(0) : client.FreePort({ host })),
      draining: Deferred.await(stopping.draining),
      channel,
      servers,
    })
  })

const alone = (servers: Service["servers"]): Worker.Snapshot => ({
  id: 1,
  pid: process.pid,
  state: "ready",
  restarts: 0,
  uptime: Math.round(process.uptime() * 1000),
  requests: sum(servers),
})

/** In ms, where no supervisor says so. */
const lameDuck = 1000

/** Without a supervisor: signals, or the end of whoever forked this as a worker, begin the drain. */
const unsupervised = (stopping: Stopping) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const servers: Service["servers"] = new Map()
      const draining = drain.install(openServers.install(), { stopsAccepting: true })
      const stop = () => {
        complete(stopping.draining)
        draining.begin(lameDuck, () => complete(stopping.ended))
      }
      const onDisconnect = () => {
        if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
        stop()
      }
      process.on("SIGTERM", stop)
      process.on("SIGINT", stop)
      if (cluster.isWorker) process.prependOnceListener("disconnect", onDisconnect)
      const worker = ClusterWorker.of({
        workers: Effect.sync(() => [alone(servers)]),
        freePort: () => Effect.succeed(0),
        draining: Deferred.await(stopping.draining),
        channel: undefined,
        servers,
      })
      return { worker, stop, onDisconnect }
    }),
    ({ onDisconnect, stop }) =>
      Effect.sync(() => {
        process.off("SIGTERM", stop)
        process.off("SIGINT", stop)
        process.off("disconnect", onDisconnect)
      }),
  ).pipe(Effect.map(({ worker }) => worker))

/**
 * Run a worker's program until it is to stop. Fails with the program's own failure, which the
 * primary is told first.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <E>(program: Layer.Layer<never, E, ClusterWorker>): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    const stopping: Stopping = {
      draining: yield* Deferred.make<void>(),
      ended: yield* Deferred.make<void>(),
    }
    const agent = Agent.current()
    const worker = yield* agent === undefined ? unsupervised(stopping) : supervised(agent, stopping)
    yield* Layer.build(program).pipe(
      Effect.tap(() => Effect.sync(() => agent !== undefined && sayReady(agent))),
      Effect.andThen(Effect.never),
      Effect.scoped,
      Effect.provideService(ClusterWorker, worker),
      Effect.tapCause((cause) =>
        Effect.sync(() => {
          if (agent === undefined || Cause.hasInterruptsOnly(cause)) return
          sayLast(agent, Cause.squash(cause))
        }),
      ),
      Effect.raceFirst(Deferred.await(stopping.ended)),
    )
  }).pipe(Effect.scoped)

/**
 * `run` as the main program of the process.
 *
 * @param options.drainTimeout how long the shutdown may take where there is no supervisor to say so.
 * Default 30 seconds.
 * @category running
 * @since 0.1.0
 */
export const runMain = <E>(
  program: Layer.Layer<never, E, ClusterWorker>,
  options: { readonly drainTimeout?: Duration.Input } = {},
): void => {
  const agent = Agent.current()
  const deadline = Layer.effectDiscard(
    Effect.gen(function* () {
      const { draining } = yield* ClusterWorker
      if (agent !== undefined) return
      const allowed = Duration.toMillis(options.drainTimeout ?? Duration.seconds(30))
      yield* draining.pipe(
        Effect.andThen(
          Effect.sync(() => {
            setTimeout(() => process.exit(1), allowed).unref()
          }),
        ),
        Effect.forkDetach,
      )
    }),
  )
  const fiber = Effect.runFork(run(Layer.merge(program, deadline)))
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) process.exit(0)
    // The primary was told, and says it once for all workers.
    if (agent === undefined) process.stderr.write(`${sentence(exit.cause)}\n`)
    process.exit(1)
  })
}
