/** The workers as people see them. */
import { Effect } from "effect"

import type * as Worker from "../Worker.ts"
import type { Process, Slot, State } from "./fleet/FleetModel.ts"
import type { Launched } from "./Launcher.ts"

const stateOfSlot = (slot: Slot): Worker.State => {
  switch (slot.status) {
    case "waiting":
    case "active": {
      return "starting"
    }
    case "backoff": {
      return "crashed"
    }
    case "gaveUp": {
      return "gave-up"
    }
    case "done":
    case "leaving": {
      return "stopped"
    }
  }
}

const stateOfProcess = ({ state }: Process): Worker.State =>
  state === "starting" || state === "ready" ? state : "draining"

const empty = (slot: Slot): Worker.Snapshot => ({
  id: slot.id,
  pid: null,
  state: stateOfSlot(slot),
  restarts: slot.restarts,
  uptime: 0,
  requests: null,
})

export const snapshot = (
  { processes, slots }: State,
  launched: (serial: number) => Launched | undefined,
  now: number,
): Effect.Effect<ReadonlyArray<Worker.Snapshot>> => {
  const one = (slot: Slot, process: Process) =>
    Effect.map(
      launched(process.serial)?.requests ?? Effect.succeed(null),
      (requests): Worker.Snapshot => ({
        id: slot.id,
        pid: process.pid,
        state: stateOfProcess(process),
        restarts: slot.restarts,
        uptime: process.pid === null ? 0 : Math.round(now - process.since),
        requests,
      }),
    )
  return Effect.forEach(
    slots.flatMap((slot) => {
      const own = processes.filter((process) => process.slot === slot.id)
      return own.length === 0
        ? [Effect.succeed(empty(slot))]
        : own.map((process) => one(slot, process))
    }),
    (snapshot) => snapshot,
    { concurrency: "unbounded" },
  )
}
