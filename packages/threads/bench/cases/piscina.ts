import type { Case } from "@manycore/bench"

import { makeCase } from "../measure.ts"
import { begin } from "./piscinaWith.ts"

const entry: Case.Make = makeCase(begin(1))

export default entry
