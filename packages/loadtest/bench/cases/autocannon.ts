import type { Case } from "@manycore/bench"

import { makeCase, millisAfter, numberAfter } from "../support/Generator.ts"
import { autocannon } from "../support/programs.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, rate, seconds }) => [
    ...autocannon,
    "-c",
    String(connections),
    "-d",
    String(seconds),
    ...(rate === undefined ? [] : ["-R", String(rate)]),
    "--json",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /"2xx":\s*(\d+)/),
  said: (stdout) => ({
    // Of "latency", which comes before "requests"; whole milliseconds, so 0 is less than one.
    p50: Math.max(0.001, millisAfter(stdout, /"latency":\{.*?"p50":([\d.]+)/)),
    p90: millisAfter(stdout, /"latency":\{.*?"p90":([\d.]+)/),
    p99: millisAfter(stdout, /"latency":\{.*?"p99":([\d.]+)/),
  }),
})

export default entry
