/**
 * Requests per second of the generator's own processor time, as fast as it can, over so many
 * connections. Each generator runs for a short and for a longer time, and what counts is the
 * difference: so what it takes to start and to print is in nobody's figure.
 */
import type { Case } from "@manycore/bench"

import type { Generator } from "./Generator.ts"
import * as Measured from "./measured.ts"
import * as Nginx from "./nginx.ts"

const short = 1
const long = 5

export const makeCase = async (generator: Generator, connections: number): Promise<Case.Case> => {
  const nginx = await Nginx.start()
  const run = async (seconds: number) => {
    const found = await Measured.run(generator.command(nginx.url, { connections, seconds }))
    return { ...found, answers: generator.answers(found.stdout) }
  }
  const first = await run(short)
  return {
    check: () => {
      const { answers, code, stdout } = first
      if (code !== 0 || !(answers > 1000)) throw new Error(`exit ${code}: ${stdout.slice(0, 500)}`)
    },
    measure: async () => {
      const second = await run(long)
      const cpu = second.cpuSeconds - first.cpuSeconds
      const kernel = second.kernelSeconds - first.kernelSeconds
      const answers = second.answers - first.answers
      return [
        { metric: "requests per generator CPU-second", unit: "1/s", value: answers / cpu },
        {
          metric: "of that in the kernel, per request",
          unit: "µs",
          value: (kernel * 1e6) / answers,
        },
        { metric: "requests per second", unit: "1/s", value: answers / (long - short) },
        { metric: "peak memory", unit: "MiB", value: second.peakMiB },
      ]
    },
    close: nginx.close,
  }
}
