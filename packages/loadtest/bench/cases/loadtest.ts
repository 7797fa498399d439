/** The fastest that npm's loadtest can: its own TCP client. */
import type { Case } from "@manycore/bench"

import { makeCase, numberAfter } from "../support/Generator.ts"
import { loadtest } from "../support/programs.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, seconds }) => [
    ...loadtest,
    "-c",
    String(connections),
    "-t",
    String(seconds),
    "--tcp",
    "--cores",
    "1",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /Completed requests:\s+([\d,]+)/),
})

export default entry
