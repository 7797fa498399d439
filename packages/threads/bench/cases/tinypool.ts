/* oxlint-disable typescript/no-unsafe-type-assertion, import/no-named-as-default, import/no-named-as-default-member -- their types are not Node's */
import { fileURLToPath } from "node:url"

import type { Case } from "@manycore/bench"
import { Tinypool } from "tinypool"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"

const begin: Start = ({ movesBack = false, threads }) => {
  const file = movesBack ? "movingTinypool" : "functions"
  const pool = new Tinypool({
    filename: fileURLToPath(new URL(`../entries/${file}.ts`, import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    isolateWorkers: false,
  })
  return {
    run: (name, payload, options) =>
      pool.run(payload, {
        name,
        ...(options?.signal === undefined ? {} : { signal: options.signal }),
        ...(options?.transfer === undefined
          ? {} // The browser's type of the same list.
          : { transferList: [...options.transfer] as never }),
      }),
    close: () => pool.destroy(),
  }
}

const entry: Case.Make = makeCase(begin)

export default entry
