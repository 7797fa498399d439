/**
 * What the end of a process means for its place: a new process, a delay, the end of the place, or the
 * failure of what people asked for.
 */
import * as RestartPolicy from "../../RestartPolicy.ts"
import * as Worker from "../../Worker.ts"
import type { Event, Process, Slot } from "./FleetModel.ts"
import { abandonRollout, failRollout, failScale, stop } from "./operations.ts"
import type { Turn } from "./Turn.ts"

type Exited = Extract<Event, { readonly _tag: "Exited" }>

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

/** Whoever waits for this worker waits in vain. True when its place goes with it. */
const failOperation = (turn: Turn, { id, lastFailure }: Slot): boolean => {
  const { operation } = turn
  if (lastFailure === null) return false
  if (operation?._tag === "Scale" && operation.fresh.includes(id)) {
    failScale(turn, operation, id, lastFailure)
    return true
  }
  if (operation?._tag === "Restart" && operation.slots.includes(id)) {
    turn.operation = null
    turn.answer(operation.id, { _tag: "WorkerFailed", slot: id, failure: lastFailure })
  }
  return false
}

/** Nobody starts it again but people. */
export const giveUp = (turn: Turn, id: number): void => {
  const slot = turn.slot(id)
  if (slot === undefined || failOperation(turn, slot)) return
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
  if (process.readyAt === null && failOperation(turn, slot)) return
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
export const rolloutHears = (
  turn: Turn,
  process: Process,
  failure: Worker.Failure,
  isEarly: boolean,
) => {
  const { operation } = turn
  if (operation?._tag !== "Rollout" || process.generation !== operation.target || !isEarly) return
  if (operation.hasFailed) abandonRollout(turn, operation)
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

export const onExited = (turn: Turn, event: Exited): void => {
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
