/** Ours. argv: workers, program, scheduling. Asked by message, answered with whether it succeeded. */
import { Supervisor, type SupervisorError } from "@manycore/cluster"
import { Effect, Schema, Stream } from "effect"

const settings = Schema.decodeUnknownSync(
  Schema.Struct({
    workers: Schema.Int,
    program: Schema.String,
    scheduling: Supervisor.Scheduling,
  }),
)({
  workers: Number(process.argv[2]),
  program: process.argv[3],
  scheduling: process.argv[4],
})

type Question = { readonly reload: Readonly<Record<string, string>> } | { readonly restart: true }

const answer = (asked: Effect.Effect<void, SupervisorError.SupervisorError>) =>
  Effect.runFork(
    Effect.matchCause(asked, {
      onSuccess: () => process.send?.("done"),
      onFailure: () => process.send?.("failed"),
    }),
  )

const main = Effect.gen(function* () {
  const supervisor = yield* Supervisor.make(settings)
  process.on("message", (question: Question) => {
    if ("restart" in question) answer(supervisor.restart())
    else answer(supervisor.reload({ env: question.reload, startTimeout: "2 seconds" }))
  })
  process.send?.({ port: yield* supervisor.port })
  yield* Stream.runForEach(supervisor.events, ({ _tag }) =>
    Effect.sync(() => {
      if (_tag === "WorkerGaveUp") process.send?.({ gaveUp: true })
    }),
  )
}).pipe(Effect.scoped)

Supervisor.runMain(main)
