/**
 * The one supervisor of this process: checks how it is set up, takes the place, starts it, and lets
 * go of the place when its Scope closes.
 */
import cluster from "node:cluster"
import { platform } from "node:os"

import { Effect, Schema, type Scope } from "effect"

import { Scheduling } from "../Scheduling.ts"
import type { Supervisor } from "../Supervisor.ts"
import { NotAlone, SupervisorError } from "../SupervisorError.ts"
import type { Common, Group, Strategy } from "../SupervisorOptions.ts"
import * as clusterLauncher from "./clusterLauncher.ts"
import * as Engine from "./engine/engine.ts"
import { fixedScheduling } from "./fork.ts"
import type { Launcher } from "./Launcher.ts"
import { unsupported } from "./platform.ts"
import * as service from "./service.ts"
import * as Spec from "./Spec.ts"

type Service = Supervisor["Service"]

let isTaken = false
let current: Service | undefined
let verdict: Engine.Engine["verdict"] = () => ({ forced: 0, gaveUp: false })

/** The supervisor that runs now. */
export const running = (): Service | undefined => current

/** How the last one ended. */
export const lastVerdict = () => verdict()

const claim = Effect.acquireRelease(
  Effect.suspend(() => {
    const reason = unsupported(platform())
    if (reason !== undefined) return Effect.fail(new SupervisorError({ reason }))
    if (!isTaken && cluster.isPrimary) {
      isTaken = true
      verdict = () => ({ forced: 0, gaveUp: false })
      return Effect.void
    }
    const where = cluster.isPrimary ? "primary" : "worker"
    return Effect.fail(new SupervisorError({ reason: new NotAlone({ where }) }))
  }),
  () =>
    Effect.sync(() => {
      isTaken = false
      current = undefined
    }),
)

const isScheduling = Schema.is(Scheduling)

const checkCommon = Effect.fnUntraced(function* (mostQueued: number, scheduling: Scheduling) {
  if (!Number.isInteger(mostQueued) || mostQueued < 0) {
    return yield* Spec.invalid("mostQueued", mostQueued, "a whole number from 0")
  }
  if (!isScheduling(scheduling)) {
    const expected = '"leastConnections", "roundRobin" or "operatingSystem"'
    return yield* Spec.invalid("scheduling", scheduling, expected)
  }
  const fixed = fixedScheduling()
  if (scheduling !== "leastConnections" && fixed !== undefined && fixed !== scheduling) {
    const expected = `"leastConnections" or "${fixed}": node:cluster keeps the first of a process`
    return yield* Spec.invalid("scheduling", scheduling, expected)
  }
})

const checkNames = (groups: ReadonlyArray<Group>) => {
  const names = groups.map(({ name }) => name)
  return groups.length > 0 && new Set(names).size === groups.length
    ? Effect.void
    : Effect.fail(Spec.invalid("groups", names.join(), "one or more, with different names"))
}

interface Setup {
  readonly launcher: Launcher
  readonly groups: ReadonlyArray<Group>
  readonly strategy: Strategy
  readonly look: Spec.Look
}

/** Over any launcher. */
export const start = Effect.fnUntraced(function* ({ groups, launcher, look, strategy }: Setup) {
  yield* checkNames(groups)
  const checked = yield* Effect.forEach(groups, (group) =>
    Effect.all({ spec: Spec.make(group, look), size: service.sizeOf(group.workers) }),
  )
  const engine = yield* Engine.make({ launcher, strategy, groups: checked })
  ;({ verdict } = engine)
  return yield* service.make(engine, groups, look)
})

/** Over processes of node:cluster. */
export const supervise = Effect.fnUntraced(function* (
  groups: ReadonlyArray<Group>,
  { mostQueued = 4096, scheduling = "leastConnections" }: Common,
  strategy: Strategy,
): Effect.fn.Return<Service, SupervisorError, Scope.Scope> {
  yield* claim
  yield* checkCommon(mostQueued, scheduling)
  const launcher = yield* clusterLauncher.make({ scheduling, mostQueued })
  const supervisor = yield* start({ launcher, groups, strategy, look: Spec.look })
  current = supervisor
  return supervisor
})
