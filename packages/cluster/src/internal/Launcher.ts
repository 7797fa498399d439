/** Who starts processes for the engine: node:cluster, or a simulation in tests. */
import type { Channel } from "@manycore/ipc"
import { type Effect, Schema, type Scope } from "effect"

import * as Worker from "../Worker.ts"
import type { Spec } from "./Spec.ts"

/** The system refused: arguments or an environment that no process can have, or no room. */
export class LaunchFailed extends Schema.TaggedError<LaunchFailed>()("LaunchFailed", {
  report: Worker.Report,
}) {}

export interface Place {
  readonly serial: number
  readonly slot: number
  /** Its number in its group, from 0. */
  readonly index: number
}

/** What a process does, told once each but `onListening`. */
export interface Hooks {
  readonly onReady: () => void
  readonly onListening: (port: number) => void
  readonly onDrained: () => void
  /** It lives, and cannot be told anything any more. */
  readonly onPipeLost: () => void
  readonly onExit: (exit: {
    readonly exitCode: number | null
    readonly signal: string | null
    readonly report: Worker.Report | null
  }) => void
}

export interface Launched {
  readonly pid: number
  /** It is ready: let it have connections. */
  readonly open: () => void
  readonly drain: () => void
  /** The kill signal. */
  readonly end: () => void
  readonly kill: (signal: NodeJS.Signals) => void
  /** Requests begun, null for a program that does not count them. */
  readonly requests: Effect.Effect<number | null>
  /** Typed messages; undefined where there is no process. */
  readonly channel: Channel.Channel | undefined
}

export interface Launcher {
  /** What belongs to the process is let go when the Scope closes, after its exit. */
  readonly launch: (
    spec: Spec,
    place: Place,
    hooks: Hooks,
  ) => Effect.Effect<Launched, LaunchFailed, Scope.Scope>
  /** SIGKILL for all, at once. */
  readonly killAll: () => void
  /** A change is complete: what only the old ones used can go. */
  readonly settled: () => void
  /** All workers are about to be told to go: what has come in until now is theirs. */
  readonly stopping: Effect.Effect<void>
  /** No worker is left, and none will come by itself. */
  readonly abandoned: () => void
}
