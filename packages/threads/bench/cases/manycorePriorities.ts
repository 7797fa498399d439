import type { Case } from "@manycore/bench"

import { makeCase } from "../measure.ts"
import { begin } from "./effectApi.ts"

const file = new URL("../entries/bare.ts", import.meta.url)

const entry: Case.Make = makeCase(begin(file, { hasPriorities: true }))

export default entry
