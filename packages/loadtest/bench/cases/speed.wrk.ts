import type { Case } from "@manycore/bench"

import { need } from "../support/programs.ts"
import { makeCase, numberAfter } from "../support/speed.ts"

const entry: Case.Make = makeCase({
  command: (url, connections, seconds) => [
    need("wrk"),
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /(\d+) requests in/),
})

export default entry
