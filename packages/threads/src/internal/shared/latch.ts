/** The memory of `SharedLatch`, and how it waits. */
import { type Handle, kind } from "./Handle.ts"
import * as Signal from "./Signal.ts"
import * as Wait from "./wait.ts"

/** Words: what it is; the signal; how many counts are missing. */
export const SIGNAL = 1
export const MISSING = 2

export const latch = kind("SharedLatch", 0x4d_43_6c_61, (words) => Signal.wakeAnyway(words, SIGNAL))

export const waiting = (
  self: Handle<"SharedLatch">,
  timeoutMillis = Wait.defaultTimeoutMillis,
): Wait.Waiting<true> => {
  const words = latch.words(self)
  const attempt = () => (Atomics.load(words, MISSING) === 0 ? true : undefined)
  return { words, at: SIGNAL, attempt, timeoutMillis, operation: "SharedLatch.await" }
}
