/**
 * The rollout planner: which places get a process of the new generation now, and which processes of
 * other generations go now. Looks at what is; remembers nothing, so a crash or a scale in between
 * only changes what it sees next.
 *
 * Never more than `size + surge` processes, the draining ones included; never fewer than
 * `size - unavailable` ready ones because of what it says.
 */
import type { LifeState } from "./Life.ts"

export interface Limits {
  /** Processes beyond the number of workers. */
  readonly surge: number
  /** Workers that may be missing. */
  readonly unavailable: number
}

interface PlanProcess {
  readonly serial: number
  readonly generation: number
  readonly state: LifeState
}

export interface PlanSlot {
  readonly id: number
  readonly processes: ReadonlyArray<PlanProcess>
  /** Needs no process: what ran here last was of the new generation, and is done or being dealt with. */
  readonly isSettled: boolean
}

export interface View {
  readonly target: number
  readonly limits: Limits
  readonly slots: ReadonlyArray<PlanSlot>
}

export interface Plan {
  /** Places that get a process of the target generation. */
  readonly fork: ReadonlyArray<number>
  /** Serials of processes that go. */
  readonly retire: ReadonlyArray<number>
  /** Only the target generation is left, and ready. */
  readonly isComplete: boolean
}

/** Not on its way out. */
export const isStaying = (state: LifeState): boolean => state === "starting" || state === "ready"

export const plan = ({ limits, slots, target }: View): Plan => {
  const processes = slots.flatMap((slot) => slot.processes)
  const ceiling = slots.length + limits.surge
  const floor = slots.length - limits.unavailable
  let live = processes.length
  let ready = processes.filter(({ state }) => state === "ready").length
  const fork: Array<number> = []
  const retire: Array<number> = []

  const retireIfAllowed = (process: PlanProcess) => {
    if (process.state === "ready") {
      if (ready - 1 < floor) return
      ready--
    }
    retire.push(process.serial)
  }
  const targetOf = (slot: PlanSlot) =>
    slot.processes.find((process) => process.generation === target && isStaying(process.state))
  const othersOf = (slot: PlanSlot) =>
    slot.processes.filter((process) => process.generation !== target && isStaying(process.state))

  for (const slot of slots) {
    if (targetOf(slot)?.state === "ready") othersOf(slot).forEach(retireIfAllowed)
  }
  for (const slot of slots) {
    if (targetOf(slot) !== undefined || (slot.isSettled && slot.processes.length === 0)) continue
    if (live < ceiling) {
      live++
      fork.push(slot.id)
      // What never got ready serves nobody.
    } else othersOf(slot).forEach(retireIfAllowed)
  }
  const isComplete = slots.every((slot) =>
    slot.processes.length === 0
      ? slot.isSettled
      : slot.processes.every(({ generation, state }) => generation === target && state === "ready"),
  )
  return { fork, retire, isComplete }
}
