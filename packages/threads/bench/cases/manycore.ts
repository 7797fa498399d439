import type { Case } from "@manycore/bench"
import { Pool } from "@manycore/threads"
import { Effect } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { Tasks } from "../Tasks.ts"
import { makeCase, threads, type Work, workOf } from "../work.ts"

const poolCase = (work: Work, tasks: Pool.Tasks<RpcGroup.Rpcs<typeof Tasks>>): Case.Case => {
  const run = (seed: number) => (work.task === "Empty" ? tasks.Empty() : tasks.Mix({ seed }))
  return makeCase(work, ({ ended, inFlight, next }) => {
    const lane = Effect.gen(function* () {
      for (let seed = next(); seed !== undefined; seed = next()) ended(seed, yield* run(seed))
    })
    const lanes = Array.from({ length: inFlight }, () => lane)
    return Effect.runPromise(Effect.all(lanes, { concurrency: "unbounded", discard: true }))
  })
}

const entry: Case.Make = (context: Case.Context) =>
  Effect.map(
    Pool.make(Tasks, {
      entry: new URL("../entries/manycore.ts", import.meta.url),
      size: threads,
    }),
    ({ tasks }) => poolCase(workOf(context), tasks),
  )

export default entry
