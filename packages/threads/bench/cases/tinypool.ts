import type { Case } from "@manycore/bench"
import { Tinypool } from "tinypool"

import type { Start } from "../Competitor.ts"
import { makeCase } from "../measure.ts"
import { entryFile, runnerOf } from "./piscinaLike.ts"

const begin: Start = ({ movesBack = false, threads }) =>
  runnerOf(
    new Tinypool({
      filename: entryFile(movesBack ? "movingTinypool" : "functions"),
      minThreads: threads,
      maxThreads: threads,
      isolateWorkers: false,
    }),
  )

const entry: Case.Make = makeCase(begin)

export default entry
