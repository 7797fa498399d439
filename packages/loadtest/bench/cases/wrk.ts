/** It has no rate: it sends as fast as it can. */
import type { Case } from "@manycore/bench"

import { makeCase, millisAfter, numberAfter } from "../support/Generator.ts"
import { need } from "../support/programs.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, seconds }) => [
    need("wrk"),
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /(\d+) requests in/),
  said: (stdout) => ({
    p50: millisAfter(stdout, /50%\s+([\d.]+)(us|ms|s)/),
    p90: millisAfter(stdout, /90%\s+([\d.]+)(us|ms|s)/),
    p99: millisAfter(stdout, /99%\s+([\d.]+)(us|ms|s)/),
  }),
})

export default entry
