/** It has no rate: it sends as fast as it can. Whole milliseconds, so 0 is less than one. */
import type { Case } from "@manycore/bench"

import { makeCase, millisAfter, numberAfter } from "../support/Generator.ts"
import { need } from "../support/programs.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, seconds }) => [
    need("ab"),
    "-q",
    "-k",
    "-c",
    String(connections),
    "-t",
    String(seconds),
    "-n",
    "100000000",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /Complete requests:\s+(\d+)/),
  said: (stdout) => ({
    p50: Math.max(0.001, millisAfter(stdout, /50%\s+(\d+)/)),
    p90: millisAfter(stdout, /90%\s+(\d+)/),
    p99: millisAfter(stdout, /99%\s+(\d+)/),
  }),
})

export default entry
