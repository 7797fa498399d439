/** The memory of `SharedSemaphore`, and how it waits. */
import type { Permit } from "../../shared/SharedSemaphore.ts"
import { type Handle, kind, me } from "./Handle.ts"
import * as Signal from "./Signal.ts"
import * as Wait from "./wait.ts"

/** Words: what it is; the signal; and for each permit 0 or its holder, so that recovery is exact. */
export const SIGNAL = 1
export const PERMITS = 2

export const semaphore = kind("SharedSemaphore", 0x4d_43_73_65, (words, owner) => {
  for (let at = PERMITS; at < words.length; at++) Atomics.compareExchange(words, at, owner, 0)
  Signal.wakeAnyway(words, SIGNAL)
})

export const take = (words: Int32Array): Permit | undefined => {
  for (let at = PERMITS; at < words.length; at++) {
    if (Atomics.load(words, at) === 0 && Atomics.compareExchange(words, at, 0, me) === 0) {
      return at - PERMITS
    }
  }
  return undefined
}

export const waiting = (
  self: Handle<"SharedSemaphore">,
  timeoutMillis = Wait.defaultTimeoutMillis,
): Wait.Waiting<Permit> => {
  const words = semaphore.words(self)
  const operation = "SharedSemaphore.withPermit"
  return { words, at: SIGNAL, attempt: () => take(words), timeoutMillis, operation }
}
