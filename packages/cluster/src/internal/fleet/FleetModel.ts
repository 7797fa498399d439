/** The words of the Fleet: its state, what it hears and what it says. Types and the initial state. */
import * as RestartPolicy from "../../RestartPolicy.ts"
import type * as Worker from "../../Worker.ts"
import type { Life, LifeState, Timings } from "./Life.ts"
import type { Limits } from "./planner.ts"

/** What follows the crash of a worker that is to be started again, for the groups beside its own. */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne"

/** What a generation of workers goes by. */
export interface Policy {
  readonly restart: RestartPolicy.RestartPolicy
  readonly timings: Timings
}

export interface Policies {
  readonly strategy: Strategy
  readonly of: (generation: number) => Policy
}

export interface Process extends Life {
  /** Never used again. */
  readonly serial: number
  readonly slot: number
  readonly generation: number
}

/**
 * The place of one worker: it keeps its history while processes come and go.
 * - `active`: it has a process, or a rollout sees to it
 * - `waiting`: to be forked as soon as it may
 * - `backoff`: to be forked after a delay
 * - `leaving`: it goes when its processes have gone
 */
export interface Slot {
  readonly id: number
  readonly group: number
  /** Its number in its group, from 0. */
  readonly index: number
  readonly status: "active" | "waiting" | "backoff" | "gaveUp" | "done" | "leaving"
  readonly history: RestartPolicy.History
  readonly restarts: number
  /** The generation that ran here last. */
  readonly generation: number
  /** Fork again when the process that was told to go has gone. */
  readonly again: boolean
  readonly lastFailure: Worker.Failure | null
}

export type Operation =
  | {
      readonly _tag: "Rollout"
      readonly id: number
      readonly group: number
      readonly target: number
      /** What to go back to; the target is that, once it failed. */
      readonly from: number
      readonly limits: Limits
      readonly hasFailed: boolean
    }
  | {
      readonly _tag: "Scale"
      readonly id: number
      /** New places; none any more, once it failed. */
      readonly fresh: ReadonlyArray<number>
      readonly hasFailed: boolean
    }
  | {
      readonly _tag: "Restart"
      readonly id: number
      readonly slots: ReadonlyArray<number>
      /** Processes from this serial on are new. */
      readonly since: number
    }

export interface State {
  /** `opening` until every worker was ready once: until then a crash fails the start. */
  readonly phase: "opening" | "running" | "stopping" | "stopped"
  /** The generation of each group. */
  readonly generations: ReadonlyArray<number>
  readonly slots: ReadonlyArray<Slot>
  readonly processes: ReadonlyArray<Process>
  /** One at a time. */
  readonly operation: Operation | null
  readonly nextSerial: number
  readonly nextSlot: number
  /** Workers that did not end their drain well. */
  readonly forced: number
}

interface OfProcess {
  readonly serial: number
}

export type Event =
  | { readonly _tag: "Begin"; readonly now: number }
  | (OfProcess & { readonly _tag: "Forked"; readonly pid: number })
  | (OfProcess & { readonly _tag: "Ready"; readonly now: number })
  | (OfProcess & { readonly _tag: "Drained" })
  | (OfProcess & { readonly _tag: "PipeLost" })
  | (OfProcess & { readonly _tag: "DeadlinePassed"; readonly state: LifeState })
  | (OfProcess & {
      readonly _tag: "Exited"
      readonly exitCode: number | null
      readonly signal: string | null
      readonly report: Worker.Report | null
      /** False when the system refused to fork it. */
      readonly wasForked: boolean
      readonly now: number
    })
  | { readonly _tag: "BackoffOver"; readonly slot: number }
  /** Its Schedule has no further delay. */
  | { readonly _tag: "BackoffEnded"; readonly slot: number }
  | {
      readonly _tag: "Reload"
      readonly id: number
      readonly group: number
      readonly generation: number
      readonly limits: Limits
    }
  | { readonly _tag: "Scale"; readonly id: number; readonly group: number; readonly size: number }
  | {
      readonly _tag: "Restart"
      readonly id: number
      /** Which places, of those that there are when it begins; null for all. */
      readonly slot: number | null
      readonly group: number | null
    }
  | { readonly _tag: "Stop" }

/** Why an operation did not succeed. */
export type Refusal =
  | { readonly _tag: "WorkerFailed"; readonly slot: number; readonly failure: Worker.Failure }
  | { readonly _tag: "UnknownWorker"; readonly slot: number }
  | { readonly _tag: "Stopping" }
  | { readonly _tag: "Busy" }

/** What people are told. */
export type News =
  | { readonly _tag: "WorkerForked"; readonly id: number; readonly pid: number }
  | { readonly _tag: "WorkerReady"; readonly id: number; readonly pid: number }
  | { readonly _tag: "WorkerDraining"; readonly id: number; readonly pid: number }
  | {
      readonly _tag: "WorkerExited"
      readonly id: number
      readonly pid: number
      readonly exitCode: number | null
      readonly signal: string | null
      /** It was told to go. */
      readonly expected: boolean
      /** Why it ended by itself, as one sentence; null when it was told to go. */
      readonly detail: string | null
      /** The worker's own report of the error that ended it, where it could give one. */
      readonly report: Worker.Report | null
    }
  | {
      readonly _tag: "WorkerGaveUp"
      readonly id: number
      /** Crashes in a row. */
      readonly crashes: number
      /** The last one, as one sentence. */
      readonly detail: string
    }

export type Command =
  | (OfProcess & {
      readonly _tag: "Fork"
      readonly slot: number
      readonly index: number
      readonly generation: number
    })
  | (OfProcess & { readonly _tag: "Drain" | "Signal" | "Kill" })
  | (OfProcess & {
      readonly _tag: "SetDeadline"
      readonly state: LifeState
      readonly after: number
    })
  /** Wait for the next delay of the Schedule; a new Schedule when this is the second crash in a row. */
  | {
      readonly _tag: "Backoff"
      readonly slot: number
      readonly generation: number
      readonly crashesInARow: number
    }
  | { readonly _tag: "Tell"; readonly news: News }
  | { readonly _tag: "Answer"; readonly id: number; readonly refusal: Refusal | null }
  | { readonly _tag: "Opened" }
  | { readonly _tag: "StartFailed"; readonly slot: number; readonly failure: Worker.Failure }
  | { readonly _tag: "Stopped"; readonly forced: number }

export type Step = readonly [state: State, commands: ReadonlyArray<Command>]

export const slot = (id: number, group: number, index: number, generation: number): Slot => ({
  id,
  group,
  index,
  generation,
  status: "waiting",
  history: RestartPolicy.noHistory,
  restarts: 0,
  again: false,
  lastFailure: null,
})

/** `sizes[g]` workers in group g, whose generation is g. */
export const initial = (sizes: ReadonlyArray<number>): State => {
  const slots = sizes.flatMap((size, group) =>
    Array.from({ length: size }, (_, index) => ({ group, index })),
  )
  return {
    phase: "opening",
    generations: sizes.map((_, group) => group),
    slots: slots.map(({ group, index }, i) => slot(i + 1, group, index, group)),
    processes: [],
    operation: null,
    nextSerial: 1,
    nextSlot: slots.length + 1,
    forced: 0,
  }
}
