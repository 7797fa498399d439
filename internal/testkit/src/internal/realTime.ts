/**
 * Real time for things that really happen: processes, sockets, files. Owns nothing but the choice of
 * clock, so that a test under `it.effect` (test clock, stands still) can still wait for the world.
 */
import { Clock, type Duration, Effect } from "effect"

const clock = Clock.Clock.defaultValue()

/** Waits in real time, whatever clock the test runs under. Interruptible. */
export const sleep = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.provideService(Effect.sleep(duration), Clock.Clock, clock)

/** Milliseconds of a monotonic clock, for measuring what passed; no wall-clock time. */
export const now = (): number => performance.now()
