/**
 * How true a generator's figures are, and how evenly it sends: beside a server that writes down the
 * truth. A workload's input: see `Input`.
 */
import { fork } from "node:child_process"
import { once } from "node:events"

import type { Case } from "@manycore/bench"

import * as Measured from "./measured.ts"

interface Input {
  /** Requests per second; for generators without a rate, as fast as they can. */
  readonly rate: number
  readonly seconds: number
  readonly connections: number
  readonly threads: number
  /** How long the server keeps requests, in ms, in turn. */
  readonly delays: ReadonlyArray<number>
  /** It freezes once for so many ms. */
  readonly stall: number
  /** What is compared with the truth. */
  readonly judge: "times" | "stall" | "pace"
}

/** Percentiles in ms, as the generator says them. */
interface Said {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export interface Generator {
  readonly command: (url: string, input: Input) => ReadonlyArray<string>
  readonly read: (stdout: string) => Said
}

interface Seen {
  readonly arrivals: ReadonlyArray<number>
  readonly kept: ReadonlyArray<number>
}

const percentile = (values: ReadonlyArray<number>, percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)] ?? Number.NaN
}

/** The coefficient of variation of arrivals per 10 ms; the grid begins half an interval early. */
const variation = (arrivals: ReadonlyArray<number>, rate: number): number => {
  const begin = (arrivals[0] ?? 0) - 500 / rate
  const counts: Array<number> = []
  for (const at of arrivals) {
    const window = Math.floor((at - begin) / 10)
    counts[window] = (counts[window] ?? 0) + 1
  }
  // The last window may be cut off.
  const whole = Array.from({ length: counts.length - 1 }, (_, i) => counts[i] ?? 0)
  const mean = whole.reduce((a, b) => a + b, 0) / whole.length
  const square = whole.reduce((sum, count) => sum + (count - mean) ** 2, 0) / whole.length
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

export const makeCase =
  (generator: Generator): Case.Make =>
  async (context) => {
    // The workloads of this bench give it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const input = context.input as Input
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
    const ask = async (): Promise<Seen> => {
      const answer = once(server, "message")
      server.send("seen?")
      const [seen] = await answer
      // What the server of this bench sends.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return seen as Seen
    }
    const [port] = await once(server, "message")
    const run = async (seconds: number) => {
      const url = `http://127.0.0.1:${String(port)}/`
      const { code, stdout } = await Measured.run(generator.command(url, { ...input, seconds }))
      return { code, said: generator.read(stdout), seen: await ask(), stdout }
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
        if (input.judge === "pace") return pace(seen.arrivals, input.rate)
        if (input.judge === "times") return times(said, seen.kept)
        return [{ metric: "p99 that it says", unit: "ms", value: said.p99 }]
      },
      close: async () => {
        server.disconnect()
        await once(server, "exit")
      },
    }
  }

/** The number that follows a pattern, in ms: `1.23ms`, `4us`, `1.2s` or bare. */
export const millisAfter = (text: string, pattern: RegExp): number => {
  const [, number = "", unit = "ms"] = pattern.exec(text) ?? []
  return Number.parseFloat(number) * ({ us: 0.001, s: 1000 }[unit] ?? 1)
}
