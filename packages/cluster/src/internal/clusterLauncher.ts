/**
 * Workers as processes of node:cluster, each with the preload and a pipe of our own. Kills nothing by
 * itself: the Fleet decides, the engine carries out.
 */
import type { Worker as ClusterProcess } from "node:cluster"

import { Channel } from "@manycore/ipc"
import { Effect, Option, type Scope } from "effect"

import type { Scheduling } from "../Scheduling.ts"
import { Dispatcher } from "./dispatch/Dispatcher.ts"
import { fork } from "./fork.ts"
import { type Hooks, type Launched, LaunchFailed, type Launcher, type Place } from "./Launcher.ts"
import type { Config } from "./protocol.ts"
import { toReport } from "./report.ts"
import type { Spec } from "./Spec.ts"
import { killAll, WorkerProcess } from "./WorkerProcess.ts"

/** node:cluster tells a failed spawn by `error` alone. */
const spawned = (process: ClusterProcess): Effect.Effect<void, LaunchFailed> =>
  process.process.pid === undefined
    ? Effect.callback((resume) => {
        process.once("error", (error) =>
          resume(Effect.fail(new LaunchFailed({ report: toReport(error) }))),
        )
      })
    : Effect.void

export interface LauncherOptions {
  readonly scheduling: Scheduling
  /** How many connections may wait for a worker. */
  readonly mostQueued: number
}

export const make = Effect.fnUntraced(function* (
  options: LauncherOptions,
): Effect.fn.Return<Launcher, never, Scope.Scope> {
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(() => new Dispatcher(options)),
    (dispatcher) => Effect.sync(() => dispatcher.close()),
  )

  const launch = Effect.fnUntraced(function* (
    spec: Spec,
    place: Place,
    hooks: Hooks,
  ): Effect.fn.Return<Launched, LaunchFailed, Scope.Scope> {
    const config: Config = {
      handsOver: options.scheduling === "leastConnections",
      ready: spec.ready,
      lameDuck: spec.lameDuck,
      ...spec.timings,
    }
    const process = yield* Effect.try({
      try: () => fork(spec, place, config, options.scheduling),
      catch: (error) => new LaunchFailed({ report: toReport(error) }),
    })
    yield* spawned(process)
    const member = yield* Effect.acquireRelease(
      Effect.sync(() => new WorkerProcess(process, { hooks, place, spec }, dispatcher)),
      (member) => Effect.sync(() => member.release()),
    )
    const channel = yield* Channel.fromLink(member.link)
    let known: number | null = null
    return {
      pid: member.pid,
      open: () => member.open(),
      drain: () => member.drain(),
      end: () => member.end(),
      kill: (signal) => member.kill(signal),
      requests: Effect.map(member.askRequests, (answer) => {
        known = Option.getOrElse(answer, () => known)
        return known
      }),
      channel,
    }
  })

  return {
    launch,
    killAll,
    settled: () => dispatcher.prune(),
    stopping: Effect.promise(() => dispatcher.finishListening()),
    abandoned: () => dispatcher.dropQueued(),
  }
})
