import type { Case } from "@manycore/bench"

import { makeCase, millisAfter, numberAfter } from "../support/Generator.ts"
import { manyload } from "../support/programs.ts"

const entry: Case.Make = makeCase({
  command: (url, { connections, rate, seconds, threads = 1 }) => [
    ...manyload,
    "-c",
    String(connections),
    "-d",
    `${seconds}s`,
    ...(rate === undefined ? [] : ["-R", String(rate)]),
    "-w",
    String(threads),
    "--json",
    "--quiet",
    url,
  ],
  answers: (stdout) => numberAfter(stdout, /"ok": (\d+)/),
  said: (stdout) => ({
    p50: millisAfter(stdout, /"p50": ([\d.]+)/),
    p90: millisAfter(stdout, /"p90": ([\d.]+)/),
    p99: millisAfter(stdout, /"p99": ([\d.]+)/),
  }),
})

export default entry
