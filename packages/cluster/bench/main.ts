import { Bench } from "@manycore/bench"

import type { Work } from "./makeCase.ts"

const workload = (name: string, input: Work) => ({
  name,
  input,
  cases: {
    manycore: new URL("./cases/manycore.ts", import.meta.url),
    raw: new URL("./cases/raw.ts", import.meta.url),
  },
})

await Bench.main({
  name: "@manycore/cluster",
  workloads: [
    workload("requests, 2 workers, new connections", { connections: 20, keepAlive: false }),
    workload("requests, 2 workers, keep-alive", { connections: 20, keepAlive: true }),
  ],
})
