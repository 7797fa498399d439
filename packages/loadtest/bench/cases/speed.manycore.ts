import type { Case } from "@manycore/bench"

import { manyload } from "../support/programs.ts"
import { makeCase, numberAfter } from "../support/speed.ts"

const entry: Case.Make = makeCase({
  command: (url, connections, seconds) => [
    ...manyload,
    "-c",
    String(connections),
    "-d",
    `${seconds}s`,
    "--json",
    "--quiet",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /"ok": (\d+)/),
})

export default entry
