/**
 * One worker process as the primary sees it: forked, listened to, spoken to, and gone when its exit
 * was told. Kills nothing by itself: the Machine decides, the Supervisor carries out.
 */
import cluster, { type Worker as ClusterProcess } from "node:cluster"

import { Ipc, ProcessChannel } from "@manycore/ipc"
import { Duration, Effect, Option, Schema, type Scope } from "effect"

import type * as Worker from "../Worker.ts"
import { type NoFreePort, PrimaryRpcs, toPrimary, toWorker, WorkerRpcs } from "./Control.ts"

interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

export interface Hooks {
  /** ms */
  readonly drainTimeout: number
  readonly onListening: (port: number) => void
  readonly onExit: (exit: Exit) => void
  readonly onCannotStart: (message: string) => void
  readonly freePort: (host: string | undefined) => Effect.Effect<number, NoFreePort>
  readonly workers: Effect.Effect<ReadonlyArray<Worker.Snapshot>>
}

/** node:cluster refused to fork: arguments or an environment that no process can have. */
export class ForkFailed extends Schema.TaggedError<ForkFailed>()("ForkFailed", {
  cause: Schema.Defect(),
}) {}

export interface Member {
  readonly pid: number
  /** Tell it to take no new connections, finish and exit. Does not wait. */
  readonly drain: Effect.Effect<void>
  readonly kill: () => void
  /** Requests begun, null for a program without ClusterWorker; the last known count if it is busy. */
  readonly requests: Effect.Effect<number | null>
}

/** How long a worker may take to tell its figures before the last known ones are taken. */
const statsTimeout = Duration.millis(200)

/** Processes that have not exited. node:cluster's own list forgets one when it disconnects. */
const living = new Set<ClusterProcess>()

/** SIGKILL for every worker of this process, at once. */
export const killAll = () => {
  for (const process of living) process.process.kill("SIGKILL")
}

const fork = (env: Readonly<Record<string, string>>, hooks: Hooks) => {
  const process = cluster.fork(env)
  // A failed spawn is told by `error` alone, everything else by `exit`.
  process.on("error", () => {
    if (process.process.pid !== undefined) return
    living.delete(process)
    hooks.onExit({ exitCode: null, signal: null })
  })
  living.add(process)
  process.once("exit", (exitCode: number | null, signal: string | null) => {
    living.delete(process)
    hooks.onExit({ exitCode, signal })
  })
  process.on("listening", (address) => hooks.onListening(address.port))
  return process
}

/** What the primary answers to this worker. */
const serve = (hooks: Hooks, onHello: () => void) =>
  PrimaryRpcs.toLayer({
    Hello: () =>
      Effect.sync(() => {
        onHello()
        return { drainTimeout: hooks.drainTimeout }
      }),
    CannotStart: ({ message }) => Effect.sync(() => hooks.onCannotStart(message)),
    FreePort: ({ host }) => hooks.freePort(host),
    Workers: () => hooks.workers,
  })

const disconnect = (process: ClusterProcess) =>
  Effect.sync(() => {
    if (process.isConnected()) process.disconnect()
  })

export const make = Effect.fnUntraced(function* (
  env: Readonly<Record<string, string>>,
  hooks: Hooks,
): Effect.fn.Return<Member, ForkFailed, Scope.Scope> {
  let isOurs = false
  let known: number | null = null
  const process = yield* Effect.try({
    try: () => fork(env, hooks),
    catch: (cause) => new ForkFailed({ cause }),
  })
  const channel = yield* ProcessChannel.fromChild(process.process)
  const client = yield* Ipc.client(WorkerRpcs, channel, toWorker)
  yield* Ipc.serveOn(PrimaryRpcs, channel, toPrimary).pipe(
    Effect.provide(
      serve(hooks, () => {
        isOurs = true
        known = 0
      }),
    ),
    Effect.forkScoped,
  )
  return {
    pid: process.process.pid ?? -1,
    // Who cannot be told has gone, or is node:cluster's to disconnect.
    drain: Effect.suspend(() =>
      isOurs ? Effect.catch(client.Drain(), () => disconnect(process)) : disconnect(process),
    ),
    kill: () => process.process.kill("SIGKILL"),
    requests: Effect.suspend(() =>
      isOurs
        ? client.Stats().pipe(
            Effect.timeoutOption(statsTimeout),
            Effect.map(Option.match({ onNone: () => known, onSome: ({ requests }) => requests })),
            Effect.orElseSucceed(() => known),
            Effect.tap((requests) =>
              Effect.sync(() => {
                known = requests
              }),
            ),
          )
        : Effect.succeed(null),
    ),
  }
})
