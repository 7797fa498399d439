import { Bench } from "@manycore/bench"

import type { Work } from "./work.ts"

const workload = (name: string, input: Work) => ({
  name,
  input,
  cases: {
    manycore: new URL("./cases/manycore.ts", import.meta.url),
    raw: new URL("./cases/raw.ts", import.meta.url),
    effect: new URL("./cases/effect.ts", import.meta.url),
  },
})

await Bench.main({
  name: "@manycore/ipc",
  workloads: [
    workload("unary small, process, 1 in flight", { peer: "process", inFlight: 1, echo: 0 }),
    workload("unary small, process, 100 in flight", { peer: "process", inFlight: 100, echo: 0 }),
    workload("unary small, thread, 100 in flight", { peer: "thread", inFlight: 100, echo: 0 }),
    workload("64 KiB echo, process, 1 in flight", { peer: "process", inFlight: 1, echo: 65_536 }),
  ],
})
