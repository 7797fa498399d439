import { Piscina } from "piscina"

import type { Start } from "../Competitor.ts"
import { entryFile, runnerOf } from "./piscinaLike.ts"

export const begin =
  (concurrentTasksPerWorker: number): Start =>
  ({ movesBack = false, threads }) =>
    runnerOf(
      new Piscina({
        filename: entryFile(movesBack ? "movingPiscina" : "functions"),
        minThreads: threads,
        maxThreads: threads,
        concurrentTasksPerWorker,
      }),
    )
