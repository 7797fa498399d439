import type { Case } from "@manycore/bench"

import { makeCase } from "../measure.ts"
import { begin } from "./effectApi.ts"

const entry: Case.Make = makeCase(
  begin(new URL("../entries/effect.ts", import.meta.url), { spares: 1 }),
)

export default entry
