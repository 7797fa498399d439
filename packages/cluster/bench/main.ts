import { Bench } from "@manycore/bench"

import type { Work } from "./works.ts"

const cases = {
  manycore: new URL("./cases/manycore.ts", import.meta.url),
  "manycore roundRobin": new URL("./cases/roundRobin.ts", import.meta.url),
  raw: new URL("./cases/raw.ts", import.meta.url),
  pm2: new URL("./cases/pm2.ts", import.meta.url),
  process: new URL("./cases/process.ts", import.meta.url),
}

const throughput = (workers: number, keepAlive: boolean, blocks = false) => {
  const { pm2: _pm2, process, ...clusters } = cases
  const input: Work = {
    workers,
    work: { _tag: "Throughput", connections: blocks ? 4 : 20, keepAlive, blocks },
  }
  const kind = keepAlive ? "keep-alive" : "new connections"
  const more = blocks ? ", 4 clients, one more blocks a worker 20 ms each time" : ""
  return {
    name: `requests, ${workers} worker${workers === 1 ? "" : "s"}, ${kind}${more}`,
    input,
    cases: workers === 1 ? { ...clusters, process } : clusters,
  }
}

const changes = (name: string, work: Work["work"]) => {
  const { manycore, pm2, raw } = cases
  const input: Work = { workers: 2, work }
  return { name, input, cases: { manycore, raw, pm2 }, deadline: "60 seconds" as const }
}

await Bench.main({
  name: "@manycore/cluster",
  workloads: [
    throughput(1, false),
    throughput(1, true),
    throughput(2, false),
    throughput(2, true),
    throughput(2, false, true),
    changes("five times reload under load, plain program", {
      _tag: "Reload",
      path: "/",
      times: 5,
      env: {},
    }),
    changes("reload with 2 s requests in flight", {
      _tag: "Reload",
      path: "/slow",
      times: 1,
      env: {},
    }),
    changes("reload into code that throws", {
      _tag: "Reload",
      path: "/",
      times: 1,
      env: { BREAK: "throw" },
    }),
    changes("kill -9 of a worker, six times under load", { _tag: "Kill", times: 6 }),
  ],
})
