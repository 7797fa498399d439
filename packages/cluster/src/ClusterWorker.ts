/**
 * The other side of a Supervisor: a worker program that drains its server, closes its Scope and
 * answers the primary's questions. Started by itself, without a supervisor, it is a plain program.
 *
 * Shutdown, when the primary says so, when the primary has died, or on SIGTERM:
 * 1. Answers say `Connection: close`; the server takes no new connections. Idle keep-alive
 *    connections stay open for one second, for requests that are on their way.
 * 2. Requests in flight finish; the program's Layers are released.
 * 3. The process exits with code 0, or with 1 when this took longer than `drainTimeout`.
 *
 * SIGINT is the primary's business: a terminal sends it to every process of the group.
 *
 * @since 0.1.0
 */
import cluster from "node:cluster"
import { createServer } from "node:http"

import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { type Channel, Ipc, type IpcError, ProcessChannel } from "@manycore/ipc"
import { Cause, Context, Deferred, Duration, Effect, Exit, Layer, type Scope } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import {
  type NoFreePort,
  PrimaryRpcs,
  toPrimary,
  toWorker,
  WorkerRpcs,
} from "./internal/Control.ts"
import { type DrainableServer, drainable } from "./internal/drainable.ts"
import { sentence } from "./internal/sentence.ts"
import type * as Worker from "./Worker.ts"

/**
 * @category services
 * @since 0.1.0
 */
export class ClusterWorker extends Context.Service<
  ClusterWorker,
  {
    /** All workers as the primary sees them; this process alone where there is no primary. */
    readonly workers: Effect.Effect<ReadonlyArray<Worker.Snapshot>, IpcError.IpcError>
    /** What port 0 means for all workers. */
    readonly freePort: (
      host: string | undefined,
    ) => Effect.Effect<number, IpcError.IpcError | NoFreePort>
    /** Waits until this worker is to stop. */
    readonly draining: Effect.Effect<void>
    /** How long the supervisor lets the shutdown take, in ms; undefined where there is none. */
    readonly drainTimeout: number | undefined
    /** Servers made by `layerHttp`. */
    readonly servers: Set<DrainableServer>
  }
>()("@manycore/cluster/ClusterWorker") {}

/**
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
      servers.add(drainable(server))
      return NodeHttpServer.layer(() => server, {
        ...options,
        port: options.port === 0 ? yield* freePort(options.host) : options.port,
        // `run` has its own deadline for all of the shutdown.
        gracefulShutdownTimeout: Duration.infinity,
      })
    }),
  )

const sum = (servers: Iterable<DrainableServer>) => {
  let requests = 0
  for (const server of servers) requests += server.requests()
  return requests
}

/** What this worker answers to the primary. */
const serve = (
  channel: Channel.Channel,
  drain: Deferred.Deferred<void>,
  servers: Set<DrainableServer>,
) =>
  Ipc.serveOn(WorkerRpcs, channel, toWorker).pipe(
    Effect.provide(
      WorkerRpcs.toLayer({
        Drain: () => Effect.asVoid(Deferred.succeed(drain, undefined)),
        Stats: () => Effect.sync(() => ({ requests: sum(servers) })),
      }),
    ),
    Effect.forkScoped,
  )

const ignore = () => {}

/** Ends when the process gets SIGTERM. SIGINT does nothing here while there is a primary. */
const terminated = Effect.callback<void>((resume) => {
  const onSignal = () => resume(Effect.void)
  const signals = cluster.isWorker ? ["SIGTERM" as const] : ["SIGTERM" as const, "SIGINT" as const]
  process.on("SIGINT", ignore)
  for (const signal of signals) process.on(signal, onSignal)
  return Effect.sync(() => {
    process.off("SIGINT", ignore)
    for (const signal of signals) process.off(signal, onSignal)
  })
})

const alone = (servers: Set<DrainableServer>): Effect.Effect<ReadonlyArray<Worker.Snapshot>> =>
  Effect.sync(() => [
    {
      id: 1,
      pid: process.pid,
      state: "ready",
      restarts: 0,
      uptime: Math.round(process.uptime() * 1000),
      requests: sum(servers),
    },
  ])

/** node:cluster ends a worker at once when the primary dies, unless it believes that it was told. */
const survivePrimary = Effect.sync(() => {
  process.prependOnceListener("disconnect", () => {
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
  })
})

interface Connection {
  readonly client: Ipc.Client<RpcGroup.Rpcs<typeof PrimaryRpcs>>
  readonly channel: Channel.Channel
}

/** The primary, undefined where there is none. */
const connect: Effect.Effect<Connection | undefined, IpcError.IpcError, Scope.Scope> = Effect.gen(
  function* () {
    if (!cluster.isWorker) return undefined
    yield* survivePrimary
    const channel = yield* ProcessChannel.parent()
    return { channel, client: yield* Ipc.client(PrimaryRpcs, channel, toPrimary) }
  },
)

/**
 * Run a worker's program until it is to stop. Fails with the program's own failure, which the
 * primary is told first.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <E>(
  program: Layer.Layer<never, E, ClusterWorker>,
): Effect.Effect<void, E | IpcError.IpcError> =>
  Effect.gen(function* () {
    const servers = new Set<DrainableServer>()
    const drain = yield* Deferred.make<void>()
    const primary = yield* connect
    const stop = (until: Effect.Effect<unknown>) =>
      Effect.forkScoped(Effect.andThen(until, Deferred.succeed(drain, undefined)))
    yield* stop(terminated)
    if (primary !== undefined) {
      yield* stop(primary.channel.closed)
      yield* serve(primary.channel, drain, servers)
    }
    const drainTimeout =
      primary === undefined
        ? undefined
        : yield* Effect.map(primary.client.Hello(), (hello) => hello.drainTimeout)
    const worker = ClusterWorker.of({
      workers: primary === undefined ? alone(servers) : primary.client.Workers(),
      freePort: (host) =>
        primary === undefined ? Effect.succeed(0) : primary.client.FreePort({ host }),
      draining: Deferred.await(drain),
      drainTimeout,
      servers,
    })
    yield* Layer.launch(program).pipe(
      Effect.provideService(ClusterWorker, worker),
      Effect.tapCause((cause) =>
        primary === undefined || Cause.hasInterruptsOnly(cause)
          ? Effect.void
          : Effect.ignore(primary.client.CannotStart({ message: sentence(cause) })),
      ),
      Effect.raceFirst(
        Effect.andThen(
          Deferred.await(drain),
          // Before the Scope closes, and the servers with it.
          Effect.sync(() => {
            for (const server of servers) server.drain()
          }),
        ),
      ),
    )
  }).pipe(Effect.scoped)

/**
 * `run` as the main program of the process.
 *
 * @param options.drainTimeout how long the shutdown may take where there is no supervisor to say so.
 * Default 10 seconds.
 * @category running
 * @since 0.1.0
 */
export const runMain = <E>(
  program: Layer.Layer<never, E, ClusterWorker>,
  options: { readonly drainTimeout?: Duration.Input } = {},
): void => {
  const deadline = Layer.effectDiscard(
    Effect.gen(function* () {
      const { drainTimeout, draining } = yield* ClusterWorker
      const allowed =
        drainTimeout ?? Duration.toMillis(options.drainTimeout ?? Duration.seconds(10))
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
    if (!cluster.isWorker) process.stderr.write(`${sentence(exit.cause)}\n`)
    process.exit(1)
  })
}
