/** How much a target carries, how long its answers take, and how even its workers' shares are. */
import type { Case } from "@manycore/bench"
import { Effect, Schema } from "effect"

import * as client from "../client.ts"
import type { Target } from "../Target.ts"

export const Throughput = Schema.TaggedStruct("Throughput", {
  connections: Schema.Int,
  keepAlive: Schema.Boolean,
})

/** The same in short turns with a bare primary, both in one run: what a change of the machine cannot blur. */
export const InTurns = Schema.TaggedStruct("InTurns", {
  connections: Schema.Int,
  keepAlive: Schema.Boolean,
  turns: Schema.Int,
})

/** Requests at even distances, of which every so many-th holds the event loop of its worker. */
export const Blocking = Schema.TaggedStruct("Blocking", {
  rate: Schema.Int,
  oneIn: Schema.Int,
})

/** Connections that stay for different times. */
export const Fairness = Schema.TaggedStruct("Fairness", {
  connections: Schema.Int,
  steps: Schema.Int,
})

type Measured = ReadonlyArray<Case.Measurement>

const quantile = (sorted: ReadonlyArray<number>, at: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? 0

const median = (values: ReadonlyArray<number>) =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )

const rate = ({ elapsed, latencies }: client.Replies) => (latencies.length * 1000) / elapsed

export const throughput = ({ port }: Target, work: typeof Throughput.Type) =>
  Effect.promise(async (): Promise<Measured> => {
    const { connections, keepAlive } = work
    const options = { port, connections, keepAlive }
    await client.closed({ ...options, duration: 300 })
    const replies = await client.closed({ ...options, duration: 1200 })
    return [
      { metric: "requests per second", unit: "1/s", value: rate(replies) },
      { metric: "p90", unit: "ms", value: quantile(replies.latencies, 0.9) },
    ]
  })

/** ms */
const turn = 250

export const inTurns = (target: Target, raw: Target, work: typeof InTurns.Type) =>
  Effect.promise(async (): Promise<Measured> => {
    const { connections, keepAlive, turns } = work
    const measure = async ({ port }: Target, duration: number) =>
      rate(await client.closed({ port, connections, keepAlive, duration }))
    await measure(raw, 2 * turn)
    await measure(target, 2 * turn)
    const ratios: Array<number> = []
    for (let n = 0; n < turns; n++) {
      // Who follows whom changes each time.
      const isFirst = n % 2 === 0
      const before = isFirst ? await measure(target, turn) : 0
      const bare = await measure(raw, turn)
      ratios.push((isFirst ? before : await measure(target, turn)) / bare)
    }
    return [{ metric: "requests, to a bare primary's", unit: "ratio", value: median(ratios) }]
  })

export const blocking = ({ port }: Target, { oneIn, rate: perSecond }: typeof Blocking.Type) =>
  Effect.promise(async (): Promise<Measured> => {
    const options = { port, rate: perSecond, duration: 4000 }
    await client.paced({ ...options, duration: 500, path: () => "/" })
    const { latencies } = await client.paced({
      ...options,
      path: (index) => (index % oneIn === 0 ? "/block" : "/"),
    })
    return [
      { metric: "p50", unit: "ms", value: quantile(latencies, 0.5) },
      { metric: "p90", unit: "ms", value: quantile(latencies, 0.9) },
    ]
  })

export const fairness = ({ port }: Target, { connections, steps }: typeof Fairness.Type) =>
  Effect.promise(async (): Promise<Measured> => {
    const value = await client.imbalance({ port, connections, steps })
    return [
      { metric: "more at the busiest worker than at the laziest", unit: "connections", value },
    ]
  })
