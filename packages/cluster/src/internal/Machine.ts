/**
 * The supervisor's heart: (state, event, options) -> (state, commands), and nothing else. It forks,
 * signals and waits for nothing; the Supervisor carries out its commands and tells it what happened.
 *
 * Every state that could last for ever has a deadline: `starting` and `draining` end in a kill.
 * A deadline names the attempt it was set for, so one that comes late means nothing.
 */
import * as RestartPolicy from "../RestartPolicy.ts"
import type * as Worker from "../Worker.ts"

export interface Options {
  readonly workers: number
  readonly restart: RestartPolicy.RestartPolicy
  /** ms */
  readonly startTimeout: number
  /** ms */
  readonly drainTimeout: number
}

/** The place of one worker: it keeps its history while processes come and go. */
interface Slot {
  readonly id: number
  readonly state: Worker.State
  readonly pid: number | null
  /** When this process was forked, in ms. */
  readonly since: number
  /** How many processes have been forked for this place. */
  readonly attempt: number
  readonly restarts: number
  readonly crashesInARow: number
  /** Has this process been ready? Then it may have had requests. */
  readonly wasReady: boolean
}

export interface State {
  /** `opening` until every worker was ready once: until then a crash fails the start. */
  readonly phase: "opening" | "running" | "stopping" | "stopped"
  readonly slots: ReadonlyArray<Slot>
  /** Workers that did not end their drain well: killed by us or others, or with a failure. */
  readonly forced: number
}

export type Event =
  | { readonly _tag: "Begin"; readonly now: number }
  | { readonly _tag: "Forked"; readonly id: number; readonly pid: number }
  | { readonly _tag: "Ready"; readonly id: number; readonly attempt: number }
  | {
      readonly _tag: "Exited"
      readonly id: number
      readonly attempt: number
      readonly exitCode: number | null
      readonly signal: string | null
      readonly now: number
    }
  | {
      readonly _tag: "BackoffOver"
      readonly id: number
      readonly attempt: number
      readonly now: number
    }
  | {
      readonly _tag: "DeadlinePassed"
      readonly id: number
      readonly attempt: number
      readonly state: Worker.State
    }
  | { readonly _tag: "Stop" }

export type Command =
  | { readonly _tag: "Fork"; readonly id: number; readonly attempt: number }
  | {
      readonly _tag: "WakeAfter"
      readonly id: number
      readonly attempt: number
      readonly delay: number
    }
  | {
      readonly _tag: "SetDeadline"
      readonly id: number
      readonly attempt: number
      readonly state: Worker.State
      readonly after: number
    }
  | { readonly _tag: "Drain"; readonly id: number }
  | { readonly _tag: "Kill"; readonly id: number }
  | { readonly _tag: "Opened" }
  | {
      readonly _tag: "StartFailed"
      readonly id: number
      readonly exitCode: number | null
      readonly signal: string | null
    }
  | { readonly _tag: "Stopped"; readonly forced: number }

export type Step = readonly [state: State, commands: ReadonlyArray<Command>]

export const initial = (options: Options): State => ({
  phase: "opening",
  forced: 0,
  slots: Array.from({ length: options.workers }, (_, i) => ({
    id: i + 1,
    state: "stopped",
    pid: null,
    since: 0,
    attempt: 0,
    restarts: 0,
    crashesInARow: 0,
    wasReady: false,
  })),
})

const replace = (state: State, slot: Slot): State => ({
  ...state,
  slots: state.slots.map((other) => (other.id === slot.id ? slot : other)),
})

/** Put a new process into a slot. */
const fork = (state: State, slot: Slot, now: number, options: Options): Step => {
  const attempt = slot.attempt + 1
  return [
    replace(state, { ...slot, state: "starting", pid: null, attempt, since: now, wasReady: false }),
    [
      { _tag: "Fork", id: slot.id, attempt },
      { _tag: "SetDeadline", id: slot.id, attempt, state: "starting", after: options.startTimeout },
    ],
  ]
}

const drain = (slot: Slot, options: Options): readonly [Slot, ReadonlyArray<Command>] => {
  switch (slot.state) {
    case "starting":
    case "ready": {
      const { attempt, id } = slot
      return [
        { ...slot, state: "draining" },
        [
          { _tag: "Drain", id },
          { _tag: "SetDeadline", id, attempt, state: "draining", after: options.drainTimeout },
        ],
      ]
    }
    case "backoff": {
      return [{ ...slot, state: "stopped" }, []]
    }
    case "draining":
    case "stopped": {
      return [slot, []]
    }
  }
}

/** `stopping` ends when no slot holds a process any more. */
const settle = ([state, commands]: Step): Step =>
  state.phase === "stopping" && state.slots.every((slot) => slot.state === "stopped")
    ? [{ ...state, phase: "stopped" }, [...commands, { _tag: "Stopped", forced: state.forced }]]
    : [state, commands]

const stop = (state: State, options: Options): Step => {
  if (state.phase === "stopping" || state.phase === "stopped") return [state, []]
  const drained = state.slots.map((slot) => drain(slot, options))
  return settle([
    { ...state, phase: "stopping", slots: drained.map(([slot]) => slot) },
    drained.flatMap(([, commands]) => commands),
  ])
}

const onReady = (state: State, slot: Slot): Step => {
  if (slot.state !== "starting") return [state, []]
  const next = replace(state, { ...slot, state: "ready", wasReady: true })
  return next.phase === "opening" && next.slots.every((other) => other.state === "ready")
    ? [{ ...next, phase: "running" }, [{ _tag: "Opened" }]]
    : [next, []]
}

const onExited = (
  state: State,
  slot: Slot,
  event: Event & { _tag: "Exited" },
  options: Options,
): Step => {
  const gone: Slot = { ...slot, pid: null, state: "stopped" }
  if (state.phase === "stopping") {
    const failed = slot.wasReady && event.exitCode !== 0
    return settle([replace({ ...state, forced: state.forced + (failed ? 1 : 0) }, gone), []])
  }
  if (state.phase === "opening") {
    const { exitCode, id, signal } = event
    const [next, commands] = stop(replace(state, gone), options)
    return [next, [{ _tag: "StartFailed", id, exitCode, signal }, ...commands]]
  }
  const crashesInARow = RestartPolicy.crashesInARow(
    options.restart,
    slot.crashesInARow,
    event.now - slot.since,
  )
  const crashed: Slot = { ...gone, state: "backoff", restarts: slot.restarts + 1, crashesInARow }
  const delay = RestartPolicy.delay(options.restart, crashesInARow)
  return delay === 0
    ? fork(replace(state, crashed), crashed, event.now, options)
    : [replace(state, crashed), [{ _tag: "WakeAfter", id: slot.id, attempt: slot.attempt, delay }]]
}

/** One event about one slot. */
const onSlot = (
  state: State,
  slot: Slot,
  event: Extract<Event, { readonly id: number }>,
  options: Options,
): Step => {
  switch (event._tag) {
    case "Forked": {
      return [replace(state, { ...slot, pid: event.pid }), []]
    }
    case "Ready": {
      return event.attempt === slot.attempt ? onReady(state, slot) : [state, []]
    }
    case "Exited": {
      return event.attempt === slot.attempt ? onExited(state, slot, event, options) : [state, []]
    }
    case "BackoffOver": {
      return slot.state === "backoff" && slot.attempt === event.attempt
        ? fork(state, slot, event.now, options)
        : [state, []]
    }
    case "DeadlinePassed": {
      if (slot.attempt !== event.attempt || slot.state !== event.state) return [state, []]
      return [state, [{ _tag: "Kill", id: slot.id }]]
    }
  }
}

export const step = (state: State, event: Event, options: Options): Step => {
  switch (event._tag) {
    case "Begin": {
      return state.slots.reduce<Step>(
        ([before, commands], slot) => {
          const [after, more] = fork(before, slot, event.now, options)
          return [after, [...commands, ...more]]
        },
        [state, []],
      )
    }
    case "Stop": {
      return stop(state, options)
    }
    default: {
      const slot = state.slots.find((candidate) => candidate.id === event.id)
      return slot === undefined ? [state, []] : onSlot(state, slot, event, options)
    }
  }
}
