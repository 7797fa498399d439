/**
 * Counting what lives: processes and sockets that a test started, and the proof that none is left. Owns
 * the counting and the guard; stopping things is the business of whoever started them. Starts nothing but
 * a short `ps` or `lsof` where there is no /proc, and does not count those.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, type Scope } from "effect"

import * as Condition from "./Condition.ts"
import * as processTable from "./internal/processTable.ts"
import * as socketTable from "./internal/socketTable.ts"

/**
 * A live process; zombies are not counted anywhere, they are dead.
 *
 * @category models
 */
export type Process = processTable.Process

/**
 * A TCP socket that a process holds open: `local` address, `state` such as LISTEN, owner `pid`, and an
 * `id` that stays the same while it lives.
 *
 * @category models
 */
export type Socket = socketTable.Socket

/**
 * All processes that descend from `pid` (default: this process), without itself, parents first. One that
 * was reparented to init descends from init: see `orphans`.
 *
 * @category counting
 * @since 0.1.0
 */
export const processes = (pid: number = process.pid): Effect.Effect<ReadonlyArray<Process>> =>
  Effect.map(processTable.readAll, (table) => processTable.descendants(table, pid))

/**
 * The direct children of `pid` (default: this process).
 *
 * @category counting
 * @since 0.1.0
 */
export const children = (pid: number = process.pid): Effect.Effect<ReadonlyArray<Process>> =>
  Effect.map(processTable.readAll, (table) => table.filter((child) => child.ppid === pid))

/**
 * Whether `pid` is alive. A zombie is not.
 *
 * @category counting
 * @since 0.1.0
 */
export const alive: (pid: number) => Effect.Effect<boolean> = processTable.isAlive

/**
 * The TCP sockets held open by `pid` (default: this process) and by all its descendants.
 *
 * @category counting
 * @since 0.1.0
 */
export const sockets = (pid: number = process.pid): Effect.Effect<ReadonlyArray<Socket>> =>
  Effect.flatMap(processes(pid), (found) =>
    socketTable.read([pid, ...found.map((process) => process.pid)]),
  )

/**
 * Processes anywhere on the machine, this one excepted, with `marker` in their command line or
 * environment: start a tree with `MANYCORE_TEST_MARKER=<random>` and no reparenting hides it. Processes of
 * other users show only their command line.
 *
 * @category counting
 * @since 0.1.0
 */
export const orphans = (marker: string): Effect.Effect<ReadonlyArray<Process>> =>
  Effect.map(processTable.withMarker(marker), (found) =>
    found.filter((found) => found.pid !== process.pid),
  )

/** @category models */
export interface GuardOptions {
  /** How long the leftovers may take to go once the scope closes. Default 5 seconds. */
  readonly deadline?: Duration.Input | undefined
}

interface Survivors {
  readonly processes: ReadonlyArray<Process>
  readonly sockets: ReadonlyArray<Socket>
}

const take = Effect.gen(function* () {
  return { processes: yield* processes(), sockets: yield* sockets() }
})

const describe = (survivors: Survivors): string =>
  [
    ...survivors.processes.map(
      ({ pid, ppid, command }) => `process ${pid} (of ${ppid}): ${command}`,
    ),
    ...survivors.sockets.map(
      ({ local, pid, state }) => `socket ${local} ${state} of process ${pid}`,
    ),
  ].join("\n")

/**
 * Counts descendant processes and TCP sockets now, and again when the scope closes: what is new must be
 * gone within the deadline. Acquire it before everything else of the scope, so that it closes last.
 *
 * Dies, as a defect, with a list of the survivors: pid and command; local address, state and owner.
 *
 * @category guards
 * @since 0.1.0
 */
export const guard = (options: GuardOptions = {}): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(take, (before) => {
      const pids = new Set(before.processes.map((process) => process.pid))
      const ids = new Set(before.sockets.map((socket) => socket.id))
      let survivors: Survivors = { processes: [], sockets: [] }
      const look = Effect.map(take, (after) => {
        survivors = {
          processes: after.processes.filter((process) => !pids.has(process.pid)),
          sockets: after.sockets.filter((socket) => !ids.has(socket.id)),
        }
        return survivors.processes.length + survivors.sockets.length === 0
      })
      return Condition.until("nothing that the test started is left", () => look, {
        deadline: options.deadline,
        every: "25 millis",
        state: () => `\n${describe(survivors)}`,
      }).pipe(Effect.orDie)
    }),
  )
