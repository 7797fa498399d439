/** The lanes of those who call through a client of the contract: a fiber each. */
import type { Case } from "@manycore/bench"
import { Effect, Stream } from "effect"
import type { RpcClient } from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import type { Contract } from "./Contract.ts"
import { greetingOf, type Lane, makeCase, streamLength, type Work } from "./work.ts"

type Client<E> = RpcClient<RpcGroup.Rpcs<typeof Contract>, E>

/** Counts the numbers that come in order. */
const count = <E>(numbers: Stream.Stream<number, E>) =>
  Stream.runFold(
    numbers,
    () => 0,
    (last, n) => (n === last + 1 ? n : Number.NaN),
  )

/** A function for each call, chosen once. */
const callOf = <E>({ call }: Work, client: Client<E>) => {
  const calls: Record<Work["call"], (n: number, lane: Lane) => Effect.Effect<unknown, unknown>> = {
    Greet: (n) => client.Greet(greetingOf(n)),
    Guarded: (n) => client.Guarded(greetingOf(n)),
    Echo: (n, lane) => client.Echo({ bytes: lane.bytes(n) }),
    Numbers: () => count(client.Numbers({ to: streamLength })),
  }
  return calls[call]
}

export const clientCase = <E>(work: Work, client: Client<E>): Case.Case => {
  const call = callOf(work, client)
  return makeCase(work, {
    cpuOfPeer: () => Effect.runPromise(client.Cpu()),
    run: (lanes) =>
      Effect.runPromise(
        Effect.forEach(
          lanes,
          (lane) =>
            Effect.gen(function* () {
              for (let n = lane.next(); n !== undefined; n = lane.next()) {
                lane.answered(n, yield* call(n, lane))
              }
            }),
          { concurrency: "unbounded", discard: true },
        ),
      ),
  })
}
