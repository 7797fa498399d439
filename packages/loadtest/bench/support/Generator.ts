/** A load generator as the bench sees it, and what a workload asks of it. */
import type { Case } from "@manycore/bench"

import * as Speed from "./speed.ts"
import * as Start from "./start.ts"
import * as Truth from "./truth.ts"

/** How a generator is to be run; one without a rate or threads ignores them. */
export interface Load {
  readonly connections: number
  readonly seconds: number
  /** Requests per second; `undefined` for as fast as it can. */
  readonly rate?: number | undefined
  readonly threads?: number | undefined
}

/** Percentiles in ms, as the generator says them. */
export interface Said {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export interface Generator {
  readonly command: (url: string, load: Load) => ReadonlyArray<string>
  /** How many answers it got, from what it printed. */
  readonly answers: (stdout: string) => number
  /** What it says of latencies, if it does. */
  readonly said?: (stdout: string) => Said
}

/** What a workload of this bench is about. */
export type Input =
  | { readonly judge: "speed"; readonly connections: number }
  | { readonly judge: "start" }
  | ({ readonly judge: "times" | "stall" | "pace" } & Truth.Input)

/** The case of a generator, for whatever its workload asks. */
export const makeCase =
  (generator: Generator): Case.Make =>
  (context) => {
    // The workloads of this bench give it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const input = context.input as Input
    switch (input.judge) {
      case "speed":
        return Speed.makeCase(generator, input.connections)
      case "start":
        return Start.makeCase(generator)
      default:
        return Truth.makeCase(generator, input, input.judge)
    }
  }

/** The number that follows a pattern. */
export const numberAfter = (text: string, pattern: RegExp): number =>
  Number(pattern.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN)

/** The number that follows a pattern, in ms: `1.23ms`, `4us`, `1.2s` or bare. */
export const millisAfter = (text: string, pattern: RegExp): number => {
  const [, number = "", unit = "ms"] = pattern.exec(text) ?? []
  return Number.parseFloat(number) * ({ us: 0.001, s: 1000 }[unit] ?? 1)
}
