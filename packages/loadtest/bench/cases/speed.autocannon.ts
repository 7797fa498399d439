import type { Case } from "@manycore/bench"

import { autocannon } from "../support/programs.ts"
import { makeCase, numberAfter } from "../support/speed.ts"

const entry: Case.Make = makeCase({
  command: (url, connections, seconds) => [
    ...autocannon,
    "-c",
    String(connections),
    "-d",
    String(seconds),
    "--json",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /"2xx":\s*(\d+)/),
})

export default entry
