/**
 * The supervisor's heart: (state, event, policies) -> (state, commands), and nothing else. It forks,
 * signals and waits for nothing; the engine carries out its commands and tells it what happened.
 *
 * It puts together what is decided elsewhere: the life of a process (`Life`), whether a worker is
 * started again (`RestartPolicy`), and how a reload proceeds (`planner`).
 */
import * as RestartPolicy from "../RestartPolicy.ts"
import * as Worker from "../Worker.ts"
import type { Event, Policies, Process, Slot, State, Step } from "./FleetModel.ts"
import {
  beginReload,
  beginRestart,
  beginScale,
  failRollout,
  failScale,
  proceed,
} from "./operations.ts"
import { Turn } from "./Turn.ts"

export * from "./FleetModel.ts"

type Exited = Extract<Event, { readonly _tag: "Exited" }>

/** With a strategy, a group starts when the groups before it are ready. */
const mayStart = (turn: Turn, slot: Slot): boolean =>
  turn.policies.strategy === "oneForOne" ||
  turn.slots.every(
    (other) => other.group >= slot.group || other.status === "done" || turn.isReady(other.id),
  )

/** A reload in this group has used up its room. */
const hasRoom = (turn: Turn, slot: Slot): boolean => {
  const { operation } = turn
  if (operation?._tag !== "Rollout" || operation.group !== slot.group) return true
  const slots = turn.slotsOf(slot.group)
  const live = slots.reduce((sum, { id }) => sum + turn.processesOf(id).length, 0)
  return live < slots.length + operation.limits.surge
}

const forkWaiting = (turn: Turn): void => {
  for (const slot of turn.slots) {
    const generation = turn.generations[slot.group]
    if (slot.status !== "waiting" || generation === undefined) continue
    if (mayStart(turn, slot) && hasRoom(turn, slot)) turn.fork(slot.id, generation)
  }
}

const stop = (turn: Turn): void => {
  if (turn.phase === "stopping" || turn.phase === "stopped") return
  turn.phase = "stopping"
  if (turn.operation !== null) {
    const { id } = turn.operation
    const hasAnswered = turn.operation._tag === "Rollout" && turn.operation.hasFailed
    if (!hasAnswered) turn.answer(id, { _tag: "Stopping" })
    turn.operation = null
  }
  for (const slot of turn.slots) {
    turn.put(slot.id, { status: "done", again: false })
    turn.retireAll(slot.id)
  }
}

/** The others that a strategy starts anew with this one. */
const restartOthers = (turn: Turn, crashed: Slot): void => {
  const { strategy } = turn.policies
  if (strategy === "oneForOne") return
  for (const slot of turn.slots) {
    const isAffected =
      slot.id !== crashed.id && (strategy === "oneForAll" || slot.group > crashed.group)
    if (!isAffected || slot.status !== "active") continue
    turn.put(slot.id, { again: true })
    turn.retireAll(slot.id)
  }
}

const restart = (
  turn: Turn,
  slot: Slot,
  decision: Extract<RestartPolicy.Decision, { _tag: "Restart" }>,
): void => {
  const { history, immediately } = decision
  turn.put(slot.id, {
    history,
    restarts: slot.restarts + 1,
    status: immediately ? "waiting" : "backoff",
  })
  if (!immediately) {
    turn.say({
      _tag: "Backoff",
      slot: slot.id,
      generation: slot.generation,
      crashesInARow: history.crashesInARow,
    })
  }
  restartOthers(turn, slot)
}

const giveUp = (turn: Turn, id: number): void => {
  const slot = turn.slot(id)
  if (slot === undefined) return
  turn.put(id, { status: "gaveUp" })
  turn.tell({
    _tag: "WorkerGaveUp",
    id,
    crashes: slot.history.crashesInARow,
    detail: slot.lastFailure === null ? "" : Worker.describe(slot.lastFailure),
  })
}

/** A worker ended by itself, and nobody else holds its place. */
const afterCrash = (turn: Turn, slot: Slot, process: Process, decision: RestartPolicy.Decision) => {
  const { operation } = turn
  const failure = slot.lastFailure
  if (process.readyAt === null && failure !== null) {
    if (operation?._tag === "Scale" && operation.fresh.includes(slot.id)) {
      return failScale(turn, operation, slot.id, failure)
    }
    if (operation?._tag === "Restart" && operation.slots.includes(slot.id)) {
      turn.operation = null
      turn.answer(operation.id, { _tag: "WorkerFailed", slot: slot.id, failure })
    }
  }
  switch (decision._tag) {
    case "Restart": {
      return restart(turn, slot, decision)
    }
    case "Done": {
      return turn.put(slot.id, { status: "done" })
    }
    case "GiveUp": {
      turn.put(slot.id, { history: decision.history })
      return giveUp(turn, slot.id)
    }
  }
}

/** What the end of a process means for a reload: new code that crashes early fails it. */
const rolloutHears = (turn: Turn, process: Process, failure: Worker.Failure, isEarly: boolean) => {
  const { operation } = turn
  if (operation?._tag !== "Rollout" || process.generation !== operation.target || !isEarly) return
  // Going back fails too: what there is goes on, by the restart policy.
  if (operation.hasFailed) turn.operation = null
  else failRollout(turn, operation, process.slot, failure)
}

const onCrash = (turn: Turn, slot: Slot, process: Process, event: Exited): void => {
  const { exitCode, now, report, signal } = event
  const policy = turn.policyOf(process.generation).restart
  const readyFor = process.readyAt === null ? null : now - process.readyAt
  const end = { exitCode, signal, readyFor, now }
  const decision = RestartPolicy.decide(policy, slot.history, end)
  const fault = event.wasForked ? process.fault : "NotForked"
  const failure: Worker.Failure = { exitCode, signal, fault, report }
  // What is never started again may still be what a reload or a start waits for.
  const isFine = fault === null && (process.readyAt !== null || exitCode === 0)
  if (decision._tag === "Done" && isFine) return turn.put(slot.id, { status: "done" })
  turn.put(slot.id, { lastFailure: failure })
  if (turn.phase === "opening") {
    turn.failStart(slot.id, failure)
    return stop(turn)
  }
  rolloutHears(turn, process, failure, RestartPolicy.isEarly(policy, readyFor))
  // Another process of a reload holds the place, or will.
  if (turn.processesOf(slot.id).length > 0) return
  const { operation } = turn
  if (
    operation?._tag === "Rollout" &&
    operation.hasFailed &&
    process.generation !== operation.target
  ) {
    return
  }
  const current = turn.slot(slot.id)
  if (current !== undefined) afterCrash(turn, current, process, decision)
}

/** The end of a process that was told to go. */
const onRetired = (turn: Turn, slot: Slot): void => {
  if (turn.processesOf(slot.id).length > 0) return
  if (slot.status === "leaving") turn.removeSlot(slot.id)
  else if (slot.again) turn.put(slot.id, { status: "waiting", again: false })
}

/** It was still working at its deadline, or something else went wrong on its way out. */
const endedBadly = (process: Process, { exitCode, signal }: Exited): boolean =>
  process.readyAt !== null &&
  (process.forced || signal === "SIGKILL" || (exitCode !== null && exitCode > 0 && exitCode < 128))

const onExited = (turn: Turn, event: Exited): void => {
  const process = turn.process(event.serial)
  if (process === undefined) return
  turn.removeProcess(event.serial)
  const { exitCode, report, signal } = event
  const fault = event.wasForked ? process.fault : "NotForked"
  const expected = process.retired
  if (process.pid !== null) {
    turn.tell({
      _tag: "WorkerExited",
      id: process.slot,
      pid: process.pid,
      exitCode,
      signal,
      expected,
      detail: expected ? null : Worker.describe({ exitCode, signal, fault, report }),
      report,
    })
  }
  if (turn.phase === "stopping" && endedBadly(process, event)) turn.forced++
  const slot = turn.slot(process.slot)
  if (slot === undefined || turn.phase === "stopping") return
  if (expected) onRetired(turn, slot)
  else onCrash(turn, slot, process, event)
}

/** Something happened to one process that lives. */
const onLife = (
  turn: Turn,
  event: Extract<Event, { _tag: "Forked" | "Ready" | "Drained" | "PipeLost" | "DeadlinePassed" }>,
): void => {
  const process = turn.process(event.serial)
  if (process === undefined) return
  turn.hear(process, event)
  const after = turn.process(event.serial)
  if (event._tag === "Forked") {
    return turn.tell({ _tag: "WorkerForked", id: process.slot, pid: event.pid })
  }
  if (after?.state === "ready" && process.state === "starting") {
    return turn.tell({ _tag: "WorkerReady", id: process.slot, pid: process.pid ?? 0 })
  }
  if (after?.fault === "NotReady" && process.fault === null) {
    // Whoever waits for the reload need not wait until the process has gone.
    const failure = { exitCode: null, signal: null, fault: after.fault, report: null }
    if (!process.retired) rolloutHears(turn, process, failure, true)
  }
}

const begin = (turn: Turn, event: Extract<Event, { _tag: "Reload" | "Scale" | "Restart" }>) => {
  if (turn.phase !== "running") return turn.answer(event.id, { _tag: "Stopping" })
  if (turn.operation !== null) return turn.answer(event.id, { _tag: "Busy" })
  switch (event._tag) {
    case "Reload": {
      return beginReload(turn, event)
    }
    case "Scale": {
      return beginScale(turn, event)
    }
    case "Restart": {
      return beginRestart(turn, event)
    }
  }
}

const hear = (turn: Turn, event: Event): void => {
  switch (event._tag) {
    case "Begin": {
      return
    }
    case "Exited": {
      return onExited(turn, event)
    }
    case "BackoffOver": {
      if (turn.slot(event.slot)?.status === "backoff") turn.put(event.slot, { status: "waiting" })
      return
    }
    case "BackoffEnded": {
      if (turn.slot(event.slot)?.status === "backoff") giveUp(turn, event.slot)
      return
    }
    case "Reload":
    case "Scale":
    case "Restart": {
      return begin(turn, event)
    }
    case "Stop": {
      return stop(turn)
    }
    default: {
      return onLife(turn, event)
    }
  }
}

const settle = (turn: Turn): void => {
  if (turn.phase === "stopping" && turn.processes.length === 0) {
    turn.phase = "stopped"
    turn.say({ _tag: "Stopped", forced: turn.forced })
  }
  if (turn.phase === "stopping" || turn.phase === "stopped") return
  forkWaiting(turn)
  proceed(turn)
  const isOpen = (slot: Slot) => slot.status === "done" || turn.isReady(slot.id)
  if (turn.phase === "opening" && turn.slots.every(isOpen)) {
    turn.phase = "running"
    turn.say({ _tag: "Opened" })
  }
}

/** @param now in ms; for what is forked in this step */
export const step = (state: State, event: Event, policies: Policies, now: number): Step => {
  const turn = new Turn(state, policies, now)
  hear(turn, event)
  settle(turn)
  return turn.end()
}
