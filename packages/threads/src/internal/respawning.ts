/** Pauses and patience for threads that die early, as a user says them and as the engine asks. */
import { Duration, Effect, Exit, Schedule } from "effect"

import { InvalidOption, ThreadsError } from "../ThreadsError.ts"
import type { Respawning } from "./poolOptions.ts"

export interface Respawn {
  /** The pauses before a thread is replaced. Default: from 50 ms on, doubled each time. */
  readonly schedule?: Schedule.Schedule<unknown, number>
  /** More early deaths than this, within `within`, stop the pool. Default 5. */
  readonly times?: number
  /** Default 10 seconds. */
  readonly within?: Duration.Input
}

const defaultSchedule = Schedule.exponential("50 millis")

/** The schedule as a function, begun anew with the first death. */
export const toRespawning = ({
  schedule = defaultSchedule,
  times = 5,
  within = "10 seconds",
}: Respawn): Respawning => {
  if (!Number.isInteger(times) || times < 0) {
    throw new ThreadsError({
      reason: new InvalidOption({
        option: "respawn.times",
        value: times,
        expected: "a whole number from 0",
      }),
    })
  }
  const begin = () => Effect.runSync(Schedule.toStep(schedule))
  let step = begin()
  return {
    times,
    within: Duration.toMillis(within),
    delay: (attempt) => {
      if (attempt === 1) step = begin()
      const exit = Effect.runSyncExit(step(Date.now(), attempt))
      return Exit.isSuccess(exit) ? Duration.toMillis(exit.value[1]) : undefined
    },
  }
}
