/**
 * What people ask of a running Fleet: reload, scale, restart. One at a time; each is begun here,
 * goes on after every step, and ends with one answer. And its end, which ends them.
 */
import type * as Worker from "../../Worker.ts"
import { type Event, type Operation, slot as newSlot } from "./FleetModel.ts"
import { isStaying, plan } from "./planner.ts"
import type { Turn } from "./Turn.ts"

type Rollout = Extract<Operation, { readonly _tag: "Rollout" }>

export const beginReload = (turn: Turn, event: Extract<Event, { _tag: "Reload" }>): void => {
  const from = turn.generations[event.group]
  if (from === undefined) return
  turn.operation = {
    _tag: "Rollout",
    id: event.id,
    group: event.group,
    target: event.generation,
    from,
    limits: event.limits,
    hasFailed: false,
  }
}

/** The new code does not get ready: tell why, let it go, and go back to what there was. */
export const failRollout = (
  turn: Turn,
  rollout: Rollout,
  slot: number,
  failure: Worker.Failure,
): void => {
  turn.answer(rollout.id, { _tag: "WorkerFailed", slot, failure })
  turn.operation = { ...rollout, target: rollout.from, hasFailed: true }
  for (const process of turn.processes) {
    if (process.generation === rollout.target && process.state === "starting") turn.retire(process)
  }
}

/**
 * Going back fails too: what there is goes on, one process in each place, by the restart policy. Those
 * of the new code that serve are better than none.
 */
export const abandonRollout = (turn: Turn, { group, target }: Rollout): void => {
  turn.operation = null
  for (const { id } of turn.slotsOf(group)) {
    const staying = turn.processesOf(id).filter(({ state }) => isStaying(state))
    const ready = staying.filter(({ state }) => state === "ready")
    const kept = ready.find(({ generation }) => generation === target) ?? ready[0] ?? staying[0]
    for (const process of staying) if (process !== kept) turn.retire(process)
  }
}

const continueRollout = (turn: Turn, rollout: Rollout): void => {
  const { fork, isComplete, retire } = plan({
    target: rollout.target,
    limits: rollout.limits,
    slots: turn.slotsOf(rollout.group).map((slot) => ({
      id: slot.id,
      processes: turn.processesOf(slot.id),
      // A place that waits is seen to by itself; one that was given up gets the new code at once.
      isSettled:
        slot.status === "waiting" ||
        (slot.generation === rollout.target && slot.status !== "active"),
    })),
  })
  for (const id of fork) turn.fork(id, rollout.target)
  for (const serial of retire) {
    const process = turn.process(serial)
    if (process !== undefined) turn.retire(process)
  }
  if (!isComplete) return
  turn.operation = null
  if (rollout.hasFailed) return
  turn.generations[rollout.group] = rollout.target
  turn.answer(rollout.id, null)
}

/** The smallest number that no worker of the group has. */
const freeIndex = (turn: Turn, group: number): number => {
  const taken = new Set(turn.slotsOf(group).map(({ index }) => index))
  let index = 0
  while (taken.has(index)) index++
  return index
}

const letGo = (turn: Turn, id: number): void => {
  turn.put(id, { status: "leaving", again: false })
  if (turn.processesOf(id).length === 0) turn.removeSlot(id)
  else turn.retireAll(id)
}

export const beginScale = (turn: Turn, event: Extract<Event, { _tag: "Scale" }>): void => {
  const { group, id, size } = event
  const generation = turn.generations[group]
  if (generation === undefined) return
  const fresh: Array<number> = []
  const slots = turn.slotsOf(group).toSorted((a, b) => a.index - b.index)
  for (const { id: slot } of slots.slice(size)) letGo(turn, slot)
  for (let i = slots.length; i < size; i++) {
    const slot = turn.nextSlot++
    turn.add(newSlot(slot, group, freeIndex(turn, group), generation))
    fresh.push(slot)
  }
  turn.operation = { _tag: "Scale", id, fresh, hasFailed: false }
}

/** A new worker does not get ready: the new ones go, and nothing else begins before they have gone. */
export const failScale = (
  turn: Turn,
  scale: Extract<Operation, { readonly _tag: "Scale" }>,
  slot: number,
  failure: Worker.Failure,
): void => {
  turn.answer(scale.id, { _tag: "WorkerFailed", slot, failure })
  turn.operation = { ...scale, fresh: [], hasFailed: true }
  for (const id of scale.fresh) letGo(turn, id)
}

export const beginRestart = (turn: Turn, event: Extract<Event, { _tag: "Restart" }>): void => {
  const slots = turn.slots.flatMap(({ group, id }) =>
    (event.slot ?? id) === id && (event.group ?? group) === group ? [id] : [],
  )
  if (slots.length === 0 && event.slot !== null) {
    return turn.answer(event.id, { _tag: "UnknownWorker", slot: event.slot })
  }
  const since = Math.max(0, ...turn.processes.map(({ serial }) => serial)) + 1
  for (const id of slots) {
    const isEmpty = turn.processesOf(id).length === 0
    turn.put(id, {
      history: { crashesInARow: 0, early: [] },
      status: isEmpty ? "waiting" : "active",
      again: !isEmpty,
    })
    turn.retireAll(id)
  }
  turn.operation = { _tag: "Restart", id: event.id, slots, since }
}

/** After every step: do what can be done now, and answer when it is done. */
export const proceed = (turn: Turn): void => {
  const { operation } = turn
  if (operation === null) return
  switch (operation._tag) {
    case "Rollout": {
      return continueRollout(turn, operation)
    }
    case "Scale": {
      const isDone =
        operation.fresh.every((id) => turn.slot(id)?.status === "done" || turn.isReady(id)) &&
        turn.slots.every(({ status }) => status !== "leaving")
      if (!isDone) return
      turn.operation = null
      return operation.hasFailed ? undefined : turn.answer(operation.id, null)
    }
    case "Restart": {
      const isDone = operation.slots.every(
        (id) =>
          turn.slot(id)?.status === "done" ||
          turn
            .processesOf(id)
            .some(({ serial, state }) => serial >= operation.since && state === "ready"),
      )
      if (!isDone) return
      turn.operation = null
      return turn.answer(operation.id, null)
    }
  }
}

/** All of them go; nothing begins any more. */
export const stop = (turn: Turn): void => {
  if (turn.phase === "stopping" || turn.phase === "stopped") return
  turn.phase = "stopping"
  if (turn.operation !== null) {
    const { id } = turn.operation
    const hasAnswered = "hasFailed" in turn.operation && turn.operation.hasFailed
    if (!hasAnswered) turn.answer(id, { _tag: "Stopping" })
    turn.operation = null
  }
  for (const slot of turn.slots) {
    turn.put(slot.id, { status: "done", again: false })
    turn.retireAll(slot.id)
  }
}
