import { Worker } from "node:worker_threads"

import { Ipc, PortChannel, ProcessChannel } from "@manycore/ipc"
import { Effect, Fiber, Stream } from "effect"

import { Primes } from "./Primes.ts"

// #region process
export const inProcess = Effect.gen(function* () {
  const channel = yield* ProcessChannel.fork(new URL("./child.ts", import.meta.url))
  const primes = yield* Ipc.client(Primes, channel)
  return {
    answer: yield* primes.IsPrime({ n: 97 }),
    stream: yield* Stream.runCollect(primes.Below({ limit: 20 })),
    refused: yield* Effect.flip(primes.IsPrime({ n: 2e12 })),
  }
}).pipe(Effect.scoped)
// #endregion

// #region thread
export const inThread = Effect.gen(function* () {
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./bare.ts", import.meta.url))),
    (worker) => Effect.promise(() => worker.terminate()),
  )
  const primes = yield* Ipc.client(Primes, yield* PortChannel.fromWorker(worker))
  return yield* primes.IsPrime({ n: 97 })
}).pipe(Effect.scoped)
// #endregion

// #region gone
export const gone = Effect.gen(function* () {
  const channel = yield* ProcessChannel.fork(new URL("./child.ts", import.meta.url))
  const primes = yield* Ipc.client(Primes, channel)
  const call = yield* Effect.forkChild(Stream.runDrain(primes.Below({ limit: 1e9 })))
  yield* primes.IsPrime({ n: 2 })
  process.kill(channel.pid, "SIGKILL")
  return yield* Fiber.join(call).pipe(
    Effect.catchReason("IpcError", "PeerExited", (exited) => Effect.succeed(exited.signal)),
  )
}).pipe(Effect.scoped)
// #endregion
