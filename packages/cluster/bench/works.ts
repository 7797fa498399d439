/** What a case does with its target, and what it measures. */
import type { Case } from "@manycore/bench"
import { Condition, LoadClient } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import { descriptors, type Target, workersOf } from "./Target.ts"

const Throughput = Schema.TaggedStruct("Throughput", {
  connections: Schema.Int,
  keepAlive: Schema.Boolean,
  /** Some requests hold the event loop of their worker. */
  blocks: Schema.Boolean,
})
const Reload = Schema.TaggedStruct("Reload", {
  path: Schema.String,
  times: Schema.Int,
  env: Schema.Record(Schema.String, Schema.String),
})
const Kill = Schema.TaggedStruct("Kill", { times: Schema.Int })
export const Work = Schema.Struct({
  workers: Schema.Int,
  work: Schema.Union([Throughput, Reload, Kill]),
})
export type Work = typeof Work.Type

type Measured = ReadonlyArray<Case.Measurement>

const quantile = (sorted: ReadonlyArray<number>, at: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? 0

const throughput = (target: Target, work: typeof Throughput.Type) =>
  Effect.gen(function* () {
    const options = {
      connections: work.connections,
      keepAlive: work.keepAlive,
      // Node's agent reuses connections for requests that wait, also when told not to keep any.
      headers: work.keepAlive ? {} : { connection: "close" },
      duration: "1500 millis" as const,
    }
    const [result] = yield* Effect.all(
      [
        LoadClient.run({ ...options, url: target.url }),
        work.blocks
          ? LoadClient.run({ ...options, url: `${target.url}/block`, connections: 1 })
          : Effect.void,
      ],
      { concurrency: "unbounded" },
    )
    const { elapsed, errors, failed, latencies, ok } = result
    if (failed > 0) throw new Error(`requests failed: ${JSON.stringify(errors)}`)
    const p90 = { metric: "p90", unit: "ms", value: quantile(latencies, 0.9) }
    const rate = { metric: "requests per second", unit: "1/s", value: (ok * 1000) / elapsed }
    return work.blocks ? [rate, p90] : [rate]
  })

/** Keep-alive clients that are never idle, and clients with a connection for each request. */
const underLoad = <A>(
  target: Target,
  path: string,
  during: (load: { readonly answered: () => number }) => Effect.Effect<A, unknown>,
  onReply?: (reply: LoadClient.Reply) => void,
) =>
  Effect.gen(function* () {
    const before = descriptors(target)
    const clients = yield* Effect.forEach([true, false], (keepAlive) =>
      LoadClient.start({
        url: target.url + path,
        keepAlive,
        headers: keepAlive ? {} : { connection: "close" },
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
    // Connections that end with the load need a moment to be closed.
    yield* Effect.ignore(
      Condition.until("none is left", () => leaked() <= 0, { deadline: "1 second" }),
    )
    let lost = 0
    let hung = 0
    let sent = 0
    for (const { errors, failed, sent: each } of results) {
      hung += errors["TIMEOUT"] ?? 0
      lost += failed - (errors["TIMEOUT"] ?? 0)
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

const reload = (target: Target, { env, path, times }: typeof Reload.Type) =>
  Effect.gen(function* () {
    const { measured, value } = yield* underLoad(target, path, () =>
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

const kill = (target: Target, { times }: typeof Kill.Type) =>
  Effect.gen(function* () {
    const firstSeen = new Map<string, number>()
    const { measured, value } = yield* underLoad(
      target,
      "/",
      ({ answered }) =>
        Effect.gen(function* () {
          const delays: Array<number> = []
          for (let n = 0; n < times; n++) {
            const workers = workersOf(target)
            const known = new Set([...firstSeen.keys(), ...workers.map((pid) => `worker ${pid}`)])
            const at = performance.now()
            process.kill(workers[n % workers.length] ?? 0, "SIGKILL")
            const isNew = (name: string) => !known.has(name)
            const served = yield* Condition.until(
              "its replacement serves",
              () => [...firstSeen].find(([name]) => isNew(name))?.[1],
              { deadline: "15 seconds", every: "1 millis" },
            )
            delays.push(served - at)
            const then = answered()
            yield* Condition.until("it goes on", () => answered() > then + 50)
          }
          return delays
        }),
      ({ body }) => {
        if (!firstSeen.has(body)) firstSeen.set(body, performance.now())
      },
    )
    const sorted = value.toSorted((a, b) => a - b)
    return [
      ...measured,
      // The first ones, as a worker that had been stable; later ones wait on purpose.
      { metric: "replacement serves after", unit: "ms", value: value[0] ?? 0 },
      { metric: "replacement serves after, median", unit: "ms", value: quantile(sorted, 0.5) },
    ]
  })

export const measure = (target: Target, { work }: Work): Effect.Effect<Measured, unknown> => {
  switch (work._tag) {
    case "Throughput": {
      return throughput(target, work)
    }
    case "Reload": {
      return reload(target, work)
    }
    case "Kill": {
      return kill(target, work)
    }
  }
}

/** Every worker answers, and connections are kept or not as they should. */
export const check = (target: Target, { work, workers }: Work) =>
  Effect.gen(function* () {
    const keepAlive = work._tag !== "Throughput" || work.keepAlive
    const answered = new Set<string>()
    yield* Condition.until(
      "every worker answers",
      () =>
        Effect.map(
          LoadClient.run({
            url: target.url,
            connections: 20,
            requests: 200,
            keepAlive,
            headers: keepAlive ? {} : { connection: "close" },
            onReply: ({ body, headers }) => {
              answered.add(body)
              if ((headers.connection === "keep-alive") !== keepAlive) {
                throw new Error(`connection: ${headers.connection}`)
              }
            },
          }),
          () => answered.size === workers,
        ),
      { deadline: "10 seconds", state: () => [...answered].join() },
    )
    return [...answered].every((name) => /^worker \d+$/.test(name))
  })
