/* oxlint-disable typescript/no-unsafe-type-assertion, import/no-named-as-default, import/no-named-as-default-member -- their types are not Node's */
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import type { Case } from "@manycore/bench"
import { FixedThreadPool } from "poolifier"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"

const begin: Start = ({ threads }) => {
  const pool = new FixedThreadPool(
    threads,
    fileURLToPath(new URL("../entries/poolifier.ts", import.meta.url)),
  )
  return {
    run: (name, payload, options) =>
      pool.execute(payload, name, options?.signal, [...(options?.transfer ?? [])] as never),
    // It may never be fulfilled, after thousands of tasks or with nothing else that keeps the process alive.
    close: () => Promise.race([pool.destroy(), sleep(1000)]),
  }
}

const entry: Case.Make = makeCase(begin)

export default entry
