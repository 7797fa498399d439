/**
 * How true a generator's figures are, and how evenly it sends: beside a server that writes down the
 * truth.
 */
import { fork } from "node:child_process"
import { once } from "node:events"

import type { Case } from "@manycore/bench"

import type { Generator, Load, Said } from "./Generator.ts"
import * as Measured from "./measured.ts"

export interface Input extends Load {
  readonly rate: number
  /** How long the server keeps requests, in ms, in turn. */
  readonly delays: ReadonlyArray<number>
  /** It freezes once for so many ms. */
  readonly stall: number
}

interface Seen {
  readonly arrivals: ReadonlyArray<number>
  readonly kept: ReadonlyArray<number>
}

const percentile = (values: ReadonlyArray<number>, percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)] ?? Number.NaN
}

/**
 * The coefficient of variation of arrivals per 10 ms. The grid begins half an interval before the
 * schedule, which is where most arrivals are: a single late one must not shift it.
 */
const variation = (arrivals: ReadonlyArray<number>, rate: number): number => {
  const interval = 1000 / rate
  const origin = percentile(
    arrivals.map((at, i) => at - i * interval),
    50,
  )
  const begin = origin - interval / 2
  const counts = Array.from({ length: Math.floor((arrivals.length * interval) / 10) }, () => 0)
  for (const at of arrivals) {
    const window = Math.floor((at - begin) / 10)
    counts[window] = (counts[window] ?? 0) + 1
  }
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length
  const square = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
  return Math.sqrt(square) / mean
}

const pace = (arrivals: ReadonlyArray<number>, rate: number) => {
  const first = arrivals[0] ?? 0
  const last = arrivals.at(-1) ?? 0
  const delivered = ((arrivals.length - 1) * 1000) / (last - first)
  const gaps = arrivals.map((at, i) => at - (arrivals[i - 1] ?? at))
  return [
    { metric: "rate off by", unit: "%", value: Math.abs(delivered / rate - 1) * 100 },
    { metric: "variation per 10 ms", unit: "", value: variation(arrivals, rate) },
    { metric: "largest gap", unit: "ms", value: Math.max(...gaps) },
  ]
}

const times = (said: Said, kept: ReadonlyArray<number>) =>
  ([50, 90] as const).flatMap((percent) => {
    const truth = percentile(kept, percent)
    const name = percent === 50 ? "p50" : "p90"
    return [{ metric: `${name} off by`, unit: "ms", value: Math.abs(said[name] - truth) }]
  })

const startServer = async (input: Input) => {
  const behaviour = JSON.stringify({ delays: input.delays, stall: input.stall })
  const [file = "", ...args] = Measured.pinned(1, [
    process.execPath,
    new URL("./truthServer.ts", import.meta.url).pathname,
    behaviour,
  ])
  const server = fork(args.at(-2) ?? "", [behaviour], {
    execPath: file,
    execArgv: args.slice(0, -2),
  })
  const [port] = await once(server, "message")
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    seen: async (): Promise<Seen> => {
      const answer = once(server, "message")
      server.send("seen?")
      const [seen] = await answer
      // What the server of this bench sends.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return seen as Seen
    },
    close: async () => {
      server.disconnect()
      await once(server, "exit")
    },
  }
}

export const makeCase = async (
  generator: Generator,
  input: Input,
  judge: "times" | "stall" | "pace",
): Promise<Case.Case> => {
  const server = await startServer(input)
  const run = async (seconds: number) => {
    const { code, stdout } = await Measured.run(
      generator.command(server.url, { ...input, seconds }),
      { watch: false },
    )
    const said = generator.said?.(stdout) ?? { p50: Number.NaN, p90: Number.NaN, p99: Number.NaN }
    return { code, said, seen: await server.seen(), stdout }
  }
  return {
    check: async () => {
      const { code, said, seen, stdout } = await run(1)
      if (code !== 0 || !(said.p50 > 0) || seen.arrivals.length < 10) {
        throw new Error(`exit ${code}: ${stdout.slice(0, 500)}`)
      }
    },
    measure: async () => {
      const { said, seen } = await run(input.seconds)
      if (judge === "pace") return pace(seen.arrivals, input.rate)
      if (judge === "times") return times(said, seen.kept)
      return [{ metric: "p99 that it says", unit: "ms", value: said.p99 }]
    },
    close: server.close,
  }
}
