import type { Case } from "@manycore/bench"

import { makeCase } from "../makeCase.ts"

const entry: Case.Make = makeCase(new URL("../primaries/manycore.ts", import.meta.url))

export default entry
