import type { Case } from "@manycore/bench"

import { makeCase } from "../makeCase.ts"

const entry: Case.Make = makeCase("leastConnections")

export default entry
