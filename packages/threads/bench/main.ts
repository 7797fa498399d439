import { Bench } from "@manycore/bench"

import type { Work } from "./work.ts"

const workload = (name: string, input: Work) => ({
  name,
  input,
  cases: {
    manycore: new URL("./cases/manycore.ts", import.meta.url),
    raw: new URL("./cases/raw.ts", import.meta.url),
  },
})

await Bench.main({
  name: "@manycore/threads",
  workloads: [
    workload("empty task, 2 threads, 100 in flight", { task: "Empty", inFlight: 100 }),
    // Two run, two wait: a thread that has finished finds its next task.
    workload("1 ms CPU task, 2 threads", { task: "Mix", inFlight: 4 }),
  ],
})
