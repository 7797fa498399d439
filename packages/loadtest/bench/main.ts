import { Bench } from "@manycore/bench"

await Bench.main({
  name: "@manycore/loadtest",
  workloads: [
    {
      name: "closed, 50 connections, keep-alive",
      input: { connections: 50, requests: 30_000 },
      cases: {
        manycore: new URL("./cases/manycore.ts", import.meta.url),
        raw: new URL("./cases/raw.ts", import.meta.url),
      },
    },
  ],
})
