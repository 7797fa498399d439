/** Events that come later: deadlines of processes, and the delays between restarts of a place. */
import { Duration, Effect, FiberMap, Schedule, type Scope } from "effect"

import type * as Fleet from "../fleet/Fleet.ts"

type Steps = Effect.Success<ReturnType<typeof Schedule.toStep<unknown, unknown, never, never>>>

export interface Delays {
  /** Tell the Fleet after so many ms; replaces what was to come for the same process. */
  readonly deadline: (serial: number, after: number, event: Fleet.Event) => Effect.Effect<unknown>
  /** Nothing is to come for this process any more. */
  readonly forget: (serial: number) => Effect.Effect<void>
  /** Tell the Fleet after the next delay of the place's Schedule, or that it has none. */
  readonly backoff: (
    command: Extract<Fleet.Command, { _tag: "Backoff" }>,
    schedule: Schedule.Schedule<unknown>,
  ) => Effect.Effect<unknown>
  /** Forget the Schedules of places that are no more. */
  readonly prune: (slots: ReadonlyArray<Fleet.Slot>) => void
}

export const make = Effect.fnUntraced(function* (
  offer: (event: Fleet.Event) => unknown,
  now: () => number,
): Effect.fn.Return<Delays, never, Scope.Scope> {
  const timers = yield* FiberMap.make<string>()
  const steps = new Map<number, Steps>()
  const later = (key: string, delay: number, event: Fleet.Event) =>
    FiberMap.run(
      timers,
      key,
      Effect.delay(
        Effect.sync(() => offer(event)),
        delay,
      ),
    )
  return {
    deadline: (serial, after, event) => later(`process ${serial}`, after, event),
    forget: (serial) => FiberMap.remove(timers, `process ${serial}`),
    backoff: Effect.fnUntraced(function* ({ crashesInARow, slot }, schedule) {
      // Of a place that was stable, the second crash in a row begins anew.
      const known = crashesInARow <= 2 ? undefined : steps.get(slot)
      const step = known ?? (yield* Schedule.toStep(schedule))
      steps.set(slot, step)
      const next = yield* Effect.option(step(now(), undefined))
      if (next._tag === "None") return offer({ _tag: "BackoffEnded", slot })
      const delay = Duration.toMillis(next.value[1])
      return yield* later(`slot ${slot}`, delay, { _tag: "BackoffOver", slot })
    }),
    prune: (slots) => {
      for (const slot of steps.keys()) {
        if (!slots.some(({ id }) => id === slot)) steps.delete(slot)
      }
    },
  }
})
