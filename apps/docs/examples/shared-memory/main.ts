import {
  Parallel,
  Pool,
  SharedArray,
  SharedCounter,
  SharedMutex,
  SharedRing,
  Threads,
  WebWorker,
} from "@manycore/threads"
import { Effect, Stream } from "effect"

import { Tasks } from "./Tasks.ts"

const entry = new URL("./tasks.thread.ts", import.meta.url)
const pool = Pool.make(Tasks, { entry, size: 2 })

// #region counter
export const counted = Effect.gen(function* () {
  const { tasks } = yield* pool
  const counter = SharedCounter.make()
  const job = tasks.Count({ counter, times: 100_000 })
  yield* Effect.all([job, job, job], { concurrency: "unbounded" })
  return SharedCounter.get(counter)
}).pipe(Effect.scoped)
// #endregion

// #region mutex
export const transferred = Effect.gen(function* () {
  const { tasks } = yield* pool
  const mutex = SharedMutex.make()
  const balances = SharedArray.make("Float64Array", 2)
  const job = tasks.Transfer({ mutex, balances, times: 10_000 })
  yield* Effect.all([job, job, job], { concurrency: "unbounded" })
  return yield* Effect.sync(() => Array.from(balances)).pipe(SharedMutex.withLock(mutex))
}).pipe(Effect.scoped)
// #endregion

// #region death
export const repaired = Effect.gen(function* () {
  const { tasks } = yield* pool
  const mutex = SharedMutex.make()
  const balances = SharedArray.make("Float64Array", 2)
  yield* Effect.ignore(tasks.DieInside({ mutex, balances }))

  const sum = Effect.sync(() => (balances[0] ?? 0) + (balances[1] ?? 0))
  return yield* SharedMutex.withLock(mutex)(sum).pipe(
    Effect.catchReason("SharedMemoryError", "HolderDied", () => {
      // Only half of a transfer was done.
      balances.fill(0)
      SharedMutex.repair(mutex)
      return SharedMutex.withLock(mutex)(sum)
    }),
  )
}).pipe(Effect.scoped)
// #endregion

// #region ring
export const produced = Effect.gen(function* () {
  const { tasks } = yield* pool
  const ring = SharedRing.make(1024)
  yield* Effect.forkScoped(tasks.Produce({ ring, count: 100 }))
  return yield* Stream.runFold(
    SharedRing.stream(ring),
    () => 0,
    (sum, [byte = 0]) => sum + byte,
  )
}).pipe(Effect.scoped)
// #endregion

// #region parallel
export const scaled = Effect.gen(function* () {
  const { tasks } = yield* pool
  const numbers = SharedArray.make("Float64Array", 100_000).fill(1)
  yield* Parallel.forEach(numbers, (part) => tasks.Scale({ part, by: 3 }), { concurrency: 2 })
  return numbers.every((n) => n === 3)
}).pipe(Effect.scoped)
// #endregion

// #region inline
export const primes = Effect.gen(function* () {
  const threads = yield* Threads.make({ size: 2 })
  const candidates = Array.from({ length: 1000 }, (_, i) => i)
  const isPrime = threads.each((n: number) => {
    for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
    return n > 1
  })
  const answers = yield* Parallel.map(candidates, isPrime)
  return candidates.filter((n) => answers[n])
}).pipe(Effect.scoped)
// #endregion

// #region closure
const factor = 2

export const refused = Threads.run((n: number) => n * factor, 21).pipe(
  Effect.catchReason("InlineError", "NotSelfContained", ({ captured }) => Effect.succeed(captured)),
)
// #endregion

// #region webworker
export const doubled = Effect.gen(function* () {
  const worker = yield* WebWorker.make(() => {
    addEventListener("message", ({ data }) => postMessage(data * 2))
  })
  return yield* Effect.callback<unknown>((resume) => {
    worker.addEventListener("message", (event) => {
      if (event instanceof WebWorker.WebWorkerMessageEvent) resume(Effect.succeed(event.data))
    })
    worker.postMessage(21)
  })
}).pipe(Effect.scoped)

// What the function finds in its thread.
declare const postMessage: (value: unknown) => void
declare const addEventListener: (
  type: "message",
  listener: (event: { readonly data: number }) => void,
) => void
// #endregion
