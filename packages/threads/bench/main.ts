import { Bench } from "@manycore/bench"

import { workloads } from "./workloads.ts"

await Bench.main({ name: "@manycore/threads", workloads })
