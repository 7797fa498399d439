/* oxlint-disable typescript/no-unsafe-type-assertion, import/no-named-as-default, import/no-named-as-default-member -- their types are not Node's */
import { fileURLToPath } from "node:url"

import type { Case } from "@manycore/bench"
import workerpool from "workerpool"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"

const begin: Start = ({ movesBack = false, threads }) => {
  const pool = workerpool.pool(
    fileURLToPath(new URL("../entries/workerpool.ts", import.meta.url)),
    { workerType: "thread", minWorkers: threads, maxWorkers: threads },
  )
  return {
    run: (name, payload, options) => {
      const transfer = [...(options?.transfer ?? [])]
      const task = pool.exec(
        name === "touch" && movesBack ? "move" : name,
        [payload],
        transfer.length === 0 ? {} : { transfer: transfer as never },
      )
      options?.signal?.addEventListener("abort", () => void task.cancel())
      return Promise.resolve(task)
    },
    close: () => Promise.resolve(pool.terminate()),
  }
}

const entry: Case.Make = makeCase(begin)

export default entry
