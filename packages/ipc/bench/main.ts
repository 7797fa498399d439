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

const small = (peer: Work["peer"], inFlight: number) =>
  workload(`unary small, ${peer}, ${inFlight} in flight`, { peer, inFlight, echo: 0 })

const bytes = (peer: Work["peer"], inFlight: number) =>
  workload(`64 KiB echo, ${peer}, ${inFlight} in flight`, { peer, inFlight, echo: 65_536 })

await Bench.main({
  name: "@manycore/ipc",
  workloads: [
    small("process", 1),
    small("process", 100),
    small("process", 1000),
    bytes("process", 1),
    bytes("process", 100),
    small("thread", 1),
    small("thread", 100),
    small("thread", 1000),
    bytes("thread", 1),
    bytes("thread", 100),
  ],
})
