/** What becomes of requests while workers are replaced, or killed. */
import type { Case } from "@manycore/bench"
import { Condition, LoadClient } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import { descriptors, type Target, workersOf } from "../Target.ts"

const Load = Schema.Literals(["keep-alive", "new connections"])

export const Reload = Schema.TaggedStruct("Reload", {
  load: Schema.Array(Load),
  path: Schema.String,
  times: Schema.Int,
  env: Schema.Record(Schema.String, Schema.String),
})

export const Kill = Schema.TaggedStruct("Kill", { times: Schema.Int })

type Measured = ReadonlyArray<Case.Measurement>

/** Clients that are never idle: such as keep their connections, and such as make one for each request. */
const underLoad = <A>(
  target: Target,
  load: (typeof Reload.Type)["load"],
  path: string,
  during: (load: { readonly answered: () => number }) => Effect.Effect<A, unknown>,
  onReply?: (reply: LoadClient.Reply) => void,
) =>
  Effect.gen(function* () {
    const before = descriptors(target)
    const clients = yield* Effect.forEach(load, (kind) =>
      LoadClient.start({
        url: target.url + path,
        keepAlive: kind === "keep-alive",
        // Node's agent reuses connections for requests that wait, also when told not to keep any.
        headers: kind === "keep-alive" ? {} : { connection: "close" },
        connections: 8,
        timeout: "6 seconds",
        onReply,
      }),
    )
    const answered = () => clients.reduce((sum, client) => sum + client.snapshot().ok, 0)
    yield* Condition.until("answers arrive", () => answered() > 0)
    const value = yield* during({ answered })
    const results = yield* Effect.forEach(clients, (client) => client.stop, {
      concurrency: "unbounded",
    })
    const leaked = () => descriptors(target) - before
    // Connections that end with the load need a moment, and a worker that hangs is killed after 5 s.
    yield* Effect.ignore(
      Condition.until("none is left", () => leaked() <= 0, { deadline: "6 seconds" }),
    )
    let lost = 0
    let hung = 0
    let sent = 0
    for (const { errors, failed, sent: each } of results) {
      const late = errors["TIMEOUT"] ?? 0
      hung += late
      lost += failed - late
      sent += each
    }
    const measured: Measured = [
      { metric: "requests lost", unit: "requests", value: lost },
      { metric: "requests hung", unit: "requests", value: hung },
      { metric: "sockets leaked", unit: "sockets", value: Math.max(0, leaked()) },
      { metric: "requests sent", unit: "requests", value: sent },
    ]
    return { measured, value }
  }).pipe(Effect.scoped)

export const reload = (target: Target, { env, load, path, times }: typeof Reload.Type) =>
  Effect.gen(function* () {
    const { measured, value } = yield* underLoad(target, load, path, () =>
      Effect.gen(function* () {
        const began = performance.now()
        let succeeded = 0
        for (let n = 0; n < times; n++) if (yield* target.reload(env)) succeeded++
        return { each: (performance.now() - began) / times, succeeded }
      }),
    )
    return [
      ...measured,
      { metric: "time of one", unit: "ms", value: value.each },
      { metric: "reported as done", unit: "reloads", value: value.succeeded },
    ]
  })

export const kill = (target: Target, { times }: typeof Kill.Type) => {
  const seen = new Set<string>()
  const victims = workersOf(target)
  return Effect.map(
    underLoad(
      target,
      ["keep-alive", "new connections"],
      "/",
      ({ answered }) =>
        Effect.gen(function* () {
          for (let n = 0; n < times; n++) {
            // Each of those that began, as long as there are some: they had been stable.
            const workers = n < victims.length ? victims : workersOf(target)
            const known = new Set([...seen, ...workersOf(target).map((pid) => `worker ${pid}`)])
            process.kill(workers[n % workers.length] ?? 0, "SIGKILL")
            yield* Condition.until(
              "its replacement serves",
              () => [...seen].some((name) => !known.has(name)),
              { deadline: "15 seconds" },
            )
            const then = answered()
            yield* Condition.until("it goes on", () => answered() > then + 50)
          }
        }),
      ({ body }) => seen.add(body),
    ),
    ({ measured }) => measured,
  )
}
