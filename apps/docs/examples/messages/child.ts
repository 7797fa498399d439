import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Ipc } from "@manycore/ipc"
import { Effect, Stream } from "effect"

import { isPrime } from "./isPrime.ts"
import { Primes, TooLarge } from "./Primes.ts"

// #region serve
const Handlers = Primes.toLayer({
  IsPrime: ({ n }) => (n > 1e12 ? Effect.fail(new TooLarge({ n })) : Effect.succeed(isPrime(n))),
  Below: ({ limit }) => Stream.filter(Stream.range(2, limit - 1), isPrime),
})

Ipc.serve(Primes).pipe(Effect.provide(Handlers), NodeRuntime.runMain)
// #endregion
