import { Supervisor } from "@manycore/cluster"
import { Effect } from "effect"

const main = Effect.gen(function* () {
  const supervisor = yield* Supervisor.make({
    program: new URL("../worker.ts", import.meta.url),
    workers: Number(process.argv[2]),
  })
  process.send?.(yield* supervisor.port)
  return yield* Effect.never
}).pipe(Effect.scoped)

Supervisor.runMain(main)
