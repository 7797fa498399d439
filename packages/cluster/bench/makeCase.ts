/** What both cases do: start a primary in a process of its own, load its workers, stop it. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

import type { Case } from "@manycore/bench"
import { LoadClient } from "@manycore/testkit"
import { type Duration, Effect, Schema } from "effect"

const Work = Schema.Struct({ connections: Schema.Int, keepAlive: Schema.Boolean })
export type Work = typeof Work.Type

const workers = 2

/** A primary of so many workers as its argument says tells the port and, on SIGTERM, exits with 0. */
const startPrimary = (file: URL) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      // In the group of this process, so that the harness ends it too.
      const primary = fork(fileURLToPath(file), [String(workers)])
      const [port]: Array<unknown> = await once(primary, "message")
      return { primary, port: Number(port) }
    }),
    ({ primary }) =>
      Effect.promise(async () => {
        const exited = once(primary, "exit")
        primary.kill("SIGTERM")
        const [code]: Array<unknown> = await exited
        if (code !== 0) throw new Error(`the primary exited with code ${String(code)}`)
      }),
  )

export const makeCase =
  (file: URL): Case.Make =>
  (context: Case.Context) =>
    Effect.gen(function* () {
      const work = yield* Schema.decodeUnknownEffect(Work)(context.input)
      const { port } = yield* startPrimary(file)
      const load = Effect.fnUntraced(function* (
        duration: Duration.Input,
        onReply?: (reply: LoadClient.Reply) => void,
      ) {
        const result = yield* LoadClient.run({
          ...work,
          url: `http://127.0.0.1:${port}`,
          // Node's agent reuses connections for requests that wait, also when told not to keep any.
          headers: work.keepAlive ? {} : { connection: "close" },
          duration,
          onReply,
        })
        if (result.failed > 0) throw new Error(`requests failed: ${JSON.stringify(result.errors)}`)
        return result
      })
      return {
        check: Effect.fnUntraced(function* () {
          const answered = new Set<string>()
          yield* load("700 millis", ({ body, headers }) => {
            answered.add(body)
            const said = headers.connection === "keep-alive"
            if (said !== work.keepAlive) throw new Error(`connection: ${headers.connection}`)
          })
          const names = [...answered].toSorted()
          return names.length === workers && names.every((name) => /^worker \d+$/.test(name))
        }),
        measure: Effect.fnUntraced(function* () {
          const { elapsed, ok } = yield* load("2 seconds")
          return [{ metric: "requests per second", unit: "1/s", value: (ok * 1000) / elapsed }]
        }),
      }
    })
