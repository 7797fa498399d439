/**
 * The life of one worker process: (life, event, timings) -> (life, commands). It ends with the exit
 * of the process, which is the Fleet's to hear.
 *
 * Every state but `ready` has a deadline, so nothing lasts for ever:
 * `starting` -> terminating, `draining` -> terminating, `terminating` -> killed, `killed` -> once more.
 */
import type * as Worker from "../../Worker.ts"

export type LifeState = "starting" | "ready" | "draining" | "terminating" | "killed"

/** All in ms. */
export interface Timings {
  readonly startTimeout: number
  readonly drainTimeout: number
  /** How long the kill signal may take before SIGKILL. */
  readonly killTimeout: number
}

export interface Life {
  readonly state: LifeState
  readonly pid: number | null
  /** When it was forked, in ms. */
  readonly since: number
  /** When it was ready, in ms; null while it never was. */
  readonly readyAt: number | null
  /** Its end was asked for: not a crash. */
  readonly retired: boolean
  /** It did not end in time by itself. */
  readonly forced: boolean
  readonly fault: Worker.Failure["fault"]
}

export type LifeEvent =
  | { readonly _tag: "Forked"; readonly pid: number }
  | { readonly _tag: "Ready"; readonly now: number }
  /** It is to go. */
  | { readonly _tag: "Retire" }
  /** It says that it has nothing left to finish. */
  | { readonly _tag: "Drained" }
  /** It cannot be told anything any more, and lives. */
  | { readonly _tag: "PipeLost" }
  | { readonly _tag: "DeadlinePassed"; readonly state: LifeState }

type LifeCommand =
  /** No new connections; finish what there is. */
  | { readonly _tag: "Drain" }
  /** The kill signal. */
  | { readonly _tag: "Signal" }
  /** SIGKILL. */
  | { readonly _tag: "Kill" }
  /** Tell `DeadlinePassed` after so many ms; replaces the deadline before it. */
  | { readonly _tag: "SetDeadline"; readonly state: LifeState; readonly after: number }

export type LifeStep = readonly [life: Life, commands: ReadonlyArray<LifeCommand>]

/** SIGKILL is not refused, only late: the system may be busy with the process. */
const killAgainAfter = 5000

export const begin = (since: number, timings: Timings): LifeStep => [
  {
    state: "starting",
    pid: null,
    since,
    readyAt: null,
    retired: false,
    forced: false,
    fault: null,
  },
  [{ _tag: "SetDeadline", state: "starting", after: timings.startTimeout }],
]

const terminate = (life: Life, timings: Timings): LifeStep => [
  { ...life, state: "terminating" },
  [{ _tag: "Signal" }, { _tag: "SetDeadline", state: "terminating", after: timings.killTimeout }],
]

const kill = (life: Life): LifeStep => [
  { ...life, state: "killed", forced: true },
  [{ _tag: "Kill" }, { _tag: "SetDeadline", state: "killed", after: killAgainAfter }],
]

const retire = (life: Life, timings: Timings): LifeStep => {
  switch (life.state) {
    // It has nothing to finish.
    case "starting": {
      return terminate({ ...life, retired: true }, timings)
    }
    case "ready": {
      return [
        { ...life, state: "draining", retired: true },
        [
          { _tag: "Drain" },
          { _tag: "SetDeadline", state: "draining", after: timings.drainTimeout },
        ],
      ]
    }
    default: {
      return [{ ...life, retired: true }, []]
    }
  }
}

const late = (life: Life, timings: Timings): LifeStep => {
  switch (life.state) {
    case "starting": {
      return terminate({ ...life, fault: "NotReady" }, timings)
    }
    case "draining": {
      return terminate({ ...life, forced: true }, timings)
    }
    case "terminating":
    case "killed": {
      return kill(life)
    }
    case "ready": {
      return [life, []]
    }
  }
}

export const step = (life: Life, event: LifeEvent, timings: Timings): LifeStep => {
  switch (event._tag) {
    case "Forked": {
      return [{ ...life, pid: event.pid }, []]
    }
    case "Ready": {
      return life.state === "starting"
        ? [{ ...life, state: "ready", readyAt: event.now }, []]
        : [life, []]
    }
    case "Retire": {
      return retire(life, timings)
    }
    case "Drained": {
      return life.state === "draining" ? terminate(life, timings) : [life, []]
    }
    case "PipeLost": {
      return life.state === "terminating" || life.state === "killed"
        ? [life, []]
        : terminate({ ...life, fault: "PipeLost" }, timings)
    }
    case "DeadlinePassed": {
      return life.state === event.state ? late(life, timings) : [life, []]
    }
  }
}
