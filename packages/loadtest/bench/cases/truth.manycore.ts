import type { Case } from "@manycore/bench"

import { manyload } from "../support/programs.ts"
import { makeCase, millisAfter } from "../support/truth.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, rate, seconds, threads }) => [
    ...manyload,
    "-c",
    String(connections),
    "-d",
    `${seconds}s`,
    "-R",
    String(rate),
    "-w",
    String(threads),
    "--json",
    "--quiet",
    url,
  ],
  read: (stdout) => ({
    p50: millisAfter(stdout, /"p50": ([\d.]+)/),
    p90: millisAfter(stdout, /"p90": ([\d.]+)/),
    p99: millisAfter(stdout, /"p99": ([\d.]+)/),
  }),
})

export default entry
