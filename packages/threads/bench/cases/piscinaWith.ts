/* oxlint-disable typescript/no-unsafe-type-assertion -- types of the browser where Node's are meant */
import { fileURLToPath } from "node:url"

import { Piscina } from "piscina"

import type { Start } from "../Competitor.ts"

export const begin =
  (concurrentTasksPerWorker: number): Start =>
  ({ movesBack = false, threads }) => {
    const file = movesBack ? "movingPiscina" : "functions"
    const pool = new Piscina({
      filename: fileURLToPath(new URL(`../entries/${file}.ts`, import.meta.url)),
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker,
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
