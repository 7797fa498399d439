/** Ours. argv: workers, scheduling. `reload` by message, answered with whether it succeeded. */
import { Supervisor } from "@manycore/cluster"
import { Effect, Schema } from "effect"

const settings = Schema.decodeUnknownSync(
  Schema.Struct({ workers: Schema.Int, scheduling: Supervisor.Scheduling }),
)({ workers: Number(process.argv[2]), scheduling: process.argv[3] })

const main = Effect.gen(function* () {
  const supervisor = yield* Supervisor.make({
    ...settings,
    program: new URL("../worker.mjs", import.meta.url),
  })
  process.on("message", (env: Readonly<Record<string, string>>) => {
    Effect.runFork(
      Effect.matchCause(supervisor.reload({ env, startTimeout: "5 seconds" }), {
        onSuccess: () => process.send?.("done"),
        onFailure: () => process.send?.("failed"),
      }),
    )
  })
  process.send?.({ port: yield* supervisor.port })
  return yield* Effect.never
}).pipe(Effect.scoped)

Supervisor.runMain(main)
