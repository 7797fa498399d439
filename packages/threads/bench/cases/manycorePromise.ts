import type { Case } from "@manycore/bench"
/** Ours with promises, over the functions of a module. */
import { createPool } from "@manycore/threads/promise"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"

const begin: Start = ({ movesBack = false, threads }) => {
  const file = movesBack ? "movingManycore" : "functions"
  const pool = createPool({
    filename: new URL(`../entries/${file}.ts`, import.meta.url),
    size: threads,
  })
  return {
    run: (name, payload, options) =>
      pool.run(payload, {
        name,
        ...(options?.signal === undefined ? {} : { signal: options.signal }),
        ...(options?.transfer === undefined ? {} : { transferList: options.transfer }),
      }),
    close: () => pool.close(),
  }
}

const entry: Case.Make = makeCase(begin)

export default entry
