/**
 * The supervisor's heart: (state, event, policies) -> (state, commands), and nothing else. It forks,
 * signals and waits for nothing; the engine carries out its commands and tells it what happened.
 *
 * It puts together what is decided elsewhere: the life of a process (`Life`), what its end means
 * (`exits`, `RestartPolicy`), and how what people ask for proceeds (`operations`, `planner`).
 */
import { giveUp, onExited, rolloutHears } from "./exits.ts"
import type { Event, Policies, Slot, State, Step } from "./FleetModel.ts"
import { beginReload, beginRestart, beginScale, proceed, stop } from "./operations.ts"
import { Turn } from "./Turn.ts"

export * from "./FleetModel.ts"

/** Nobody waits for it: it is ready, or will not be by itself. */
const isSettled = (turn: Turn, { id, status }: Slot): boolean =>
  status === "done" || status === "gaveUp" || turn.isReady(id)

/** With a strategy, a group starts when the groups before it are ready. */
const mayStart = (turn: Turn, slot: Slot): boolean =>
  turn.policies.strategy === "oneForOne" ||
  turn.slots.every((other) => other.group >= slot.group || isSettled(turn, other))

/** A reload in this group has used up its room. */
const hasRoom = (turn: Turn, slot: Slot): boolean => {
  const { operation } = turn
  if (operation?._tag !== "Rollout" || operation.group !== slot.group) return true
  const slots = turn.slotsOf(slot.group)
  const live = slots.reduce((sum, { id }) => sum + turn.processesOf(id).length, 0)
  return live < slots.length + operation.limits.surge
}

/** A place that lost its process while a reload saw to it, and the reload is no more. */
const reclaim = (turn: Turn): void => {
  const { operation } = turn
  for (const { group, id, status } of turn.slots) {
    const isSeenTo = operation?._tag === "Rollout" && operation.group === group
    if (status !== "active" || isSeenTo || turn.processesOf(id).length > 0) continue
    turn.put(id, { status: "waiting" })
  }
}

const forkWaiting = (turn: Turn): void => {
  for (const slot of turn.slots) {
    const generation = turn.generations[slot.group]
    if (slot.status !== "waiting" || generation === undefined) continue
    if (mayStart(turn, slot) && hasRoom(turn, slot)) turn.fork(slot.id, generation)
  }
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
  reclaim(turn)
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
