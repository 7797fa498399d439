/** The memory of `SharedMutex`, and how it waits: for its blocking, promise and Effect forms. */
import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"
import { type Handle, kind, me, threadOf } from "./Handle.ts"
import * as Signal from "./Signal.ts"
import * as Wait from "./wait.ts"

/** Words: what it is; 0, the holder, or minus the holder that died; the signal; whether to pass. */
export const HOLDER = 1
export const SIGNAL = 2
export const PASS = 3

export const mutex = kind("SharedMutex", 0x4d_43_6d_78, (words, owner) => {
  Atomics.compareExchange(words, HOLDER, owner, Atomics.load(words, PASS) === 1 ? 0 : -owner)
  Signal.wakeAnyway(words, SIGNAL)
})

export const take = (words: Int32Array, operation: string): true | undefined => {
  const holder = Atomics.compareExchange(words, HOLDER, 0, me)
  if (holder === 0) return true
  if (holder > 0) return undefined
  throw new SharedMemoryError({ _tag: "HolderDied", operation, threadId: threadOf(-holder) })
}

export const waiting = (
  self: Handle<"SharedMutex">,
  timeoutMillis = Wait.defaultTimeoutMillis,
): Wait.Waiting<true> => {
  const words = mutex.words(self)
  const operation = "SharedMutex.withLock"
  return { words, at: SIGNAL, attempt: () => take(words, operation), timeoutMillis, operation }
}
