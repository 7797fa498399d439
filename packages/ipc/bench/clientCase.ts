/** The lanes of those who call through a client of the contract: a fiber each. */
import type { Case } from "@manycore/bench"
import { Effect } from "effect"
import type { RpcClient } from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import type { Contract } from "./Contract.ts"
import { bytesOf, greetingOf, makeCase, type Work } from "./work.ts"

export const clientCase = <E>(
  work: Work,
  client: RpcClient<RpcGroup.Rpcs<typeof Contract>, E>,
): Case.Case => {
  const bytes = bytesOf(work)
  const call = (n: number): Effect.Effect<unknown, E> =>
    work.echo === 0 ? client.Greet(greetingOf(n)) : client.Echo({ bytes })
  return makeCase(work, ({ answered, inFlight, next }) => {
    const lane = Effect.gen(function* () {
      for (let n = next(); n !== undefined; n = next()) answered(n, yield* call(n))
    })
    const lanes = Array.from({ length: inFlight }, () => lane)
    return Effect.runPromise(Effect.all(lanes, { concurrency: "unbounded", discard: true }))
  })
}
