/** Workers that exist in memory only: they start, serve nothing, drain and end as told. */
import { type Duration, Effect, type Scope } from "effect"

import type { Hooks, Launched, Launcher, LaunchFailed, Place } from "./Launcher.ts"
import { toReport } from "./report.ts"
import type { Spec } from "./Spec.ts"

/** What a simulated worker is told about itself. */
interface Start {
  /** Its place among the workers, from 1. */
  readonly id: number
  /** Which process it is, from 1. */
  readonly nth: number
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Simulation {
  /** How long a worker takes to be ready. Default: no time at all. */
  readonly startsIn?: Duration.Input
  /** Whether a worker throws instead of being ready. Default: never. */
  readonly crashes?: (start: Start) => boolean
}

const firstPid = 100_000

export const make = (simulation: Simulation): Launcher => {
  const living = new Set<(signal: string) => void>()
  let nth = 0
  const launch = Effect.fnUntraced(function* (
    spec: Spec,
    place: Place,
    hooks: Hooks,
  ): Effect.fn.Return<Launched, LaunchFailed, Scope.Scope> {
    const own = ++nth
    let isAlive = true
    const exit = (exitCode: number | null, signal: string | null, error?: Error) => {
      if (!isAlive) return
      isAlive = false
      living.delete(kill)
      const report = error === undefined ? null : toReport(error)
      queueMicrotask(() => hooks.onExit({ exitCode, signal, report }))
    }
    const kill = (signal: string) => exit(null, signal)
    living.add(kill)
    const begin = Effect.sync(() => {
      if (!isAlive) return
      const start: Start = { id: place.slot, nth: own, args: spec.args, env: spec.env }
      if (simulation.crashes?.(start) === true) exit(1, null, new Error("simulated crash"))
      else hooks.onReady()
    })
    const { startsIn } = simulation
    // Without a time to wait, nobody needs to move the clock.
    yield* Effect.forkScoped(startsIn === undefined ? begin : Effect.delay(begin, startsIn))
    return {
      pid: firstPid + own,
      open: () => {},
      drain: () => queueMicrotask(hooks.onDrained),
      end: () => kill(spec.killSignal),
      kill,
      requests: Effect.succeed(null),
      channel: undefined,
    }
  })
  return {
    launch,
    killAll: () => {
      for (const kill of living) kill("SIGKILL")
    },
    settled: () => {},
    stopping: Effect.void,
    abandoned: () => {},
  }
}
