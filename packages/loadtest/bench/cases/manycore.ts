import type { Case } from "@manycore/bench"
import { LoadTest } from "@manycore/loadtest"
import { Effect } from "effect"

import { makeCase } from "../target.ts"

const entry: Case.Make = makeCase(async ({ connections, url }, requests) => {
  const report = await Effect.runPromise(LoadTest.run({ url, connections, requests }))
  return report.requests.ok
})

export default entry
