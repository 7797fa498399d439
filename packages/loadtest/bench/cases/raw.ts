import type { Case } from "@manycore/bench"

import { makeCase } from "../support/Generator.ts"

const client = new URL("../support/raw.ts", import.meta.url).pathname

const entry: Case.Make = makeCase({
  command: (url, { connections, seconds }) => [
    process.execPath,
    client,
    url,
    String(connections),
    String(seconds),
  ],
  answers: Number,
})

export default entry
