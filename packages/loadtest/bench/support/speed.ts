/**
 * Requests per second of the generator's own processor time, as fast as it can, over so many
 * connections. Each generator runs for a short and for a longer time, and what counts is the
 * difference: so what it takes to start and to print is in nobody's figure.
 */
import type { Case } from "@manycore/bench"
import { Predicate } from "effect"

import * as Measured from "./measured.ts"
import * as Nginx from "./nginx.ts"

/** Answers of a run of so many seconds, from what the generator printed. */
export interface Generator {
  readonly command: (url: string, connections: number, seconds: number) => ReadonlyArray<string>
  readonly answers: (stdout: string) => number
}

const short = 2
const long = 6

const connectionsOf = (input: unknown): number => {
  const found = Predicate.hasProperty(input, "connections") ? input.connections : undefined
  if (typeof found !== "number") throw new Error("the workload does not say connections")
  return found
}

export const makeCase =
  (generator: Generator): Case.Make =>
  async ({ input }) => {
    const connections = connectionsOf(input)
    const nginx = await Nginx.start()
    const run = async (seconds: number) => {
      const found = await Measured.run(generator.command(nginx.url, connections, seconds))
      return { ...found, answers: generator.answers(found.stdout) }
    }
    return {
      check: async () => {
        const { answers, code, stdout } = await run(1)
        if (code !== 0 || !(answers > 1000))
          throw new Error(`exit ${code}: ${stdout.slice(0, 500)}`)
      },
      measure: async () => {
        const first = await run(short)
        const second = await run(long)
        const cpu = second.cpuSeconds - first.cpuSeconds
        const answers = second.answers - first.answers
        return [
          { metric: "requests per generator CPU-second", unit: "1/s", value: answers / cpu },
          { metric: "requests per second", unit: "1/s", value: answers / (long - short) },
          { metric: "peak memory", unit: "MiB", value: second.peakMiB },
        ]
      },
      close: nginx.close,
    }
  }

/** The number that follows a pattern. */
export const numberAfter = (text: string, pattern: RegExp): number =>
  Number(pattern.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN)
