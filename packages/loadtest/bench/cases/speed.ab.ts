import type { Case } from "@manycore/bench"

import { need } from "../support/programs.ts"
import { makeCase, numberAfter } from "../support/speed.ts"

const entry: Case.Make = makeCase({
  command: (url, connections, seconds) => [
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
})

export default entry
