/** Workloads of shared memory, beside what Node.js has for the same: `Atomics` by hand, `postMessage`. */
import type { SharedWork } from "./shared/work.ts"

const workload = (name: string, work: SharedWork) => ({
  name,
  input: { work },
  cases: {
    manycore: new URL("./shared/manycore.ts", import.meta.url),
    raw: new URL("./shared/raw.ts", import.meta.url),
  },
})

export const sharedWorkloads = [
  workload("shared counter, 2 threads", "counter"),
  workload("lock and unlock, 2 threads contend", "mutex"),
  workload("hand-over, 2 threads block in turn", "handOver"),
  workload("64-byte messages, thread to thread", "ring"),
  workload("wake of a waiting main thread", "wake"),
]
