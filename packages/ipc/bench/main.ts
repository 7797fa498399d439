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
    ...(["process", "thread"] as const).flatMap((peer) => [
      ...[1, 100, 1000].map((inFlight) =>
        workload(`unary small, ${peer}, ${inFlight} in flight`, { peer, inFlight, echo: 0 }),
      ),
      ...[1, 100].map((inFlight) =>
        workload(`64 KiB echo, ${peer}, ${inFlight} in flight`, { peer, inFlight, echo: 65_536 }),
      ),
    ]),
  ],
})
