import { Bench } from "@manycore/bench"

import type { Work } from "./works.ts"

const cases = {
  manycore: new URL("./cases/manycore.ts", import.meta.url),
  "manycore roundRobin": new URL("./cases/roundRobin.ts", import.meta.url),
  raw: new URL("./cases/raw.ts", import.meta.url),
  pm2: new URL("./cases/pm2.ts", import.meta.url),
  process: new URL("./cases/process.ts", import.meta.url),
}
const { manycore, pm2, process, raw } = cases

const plain = (workers: number, work: Work["work"]): Work => ({ workers, program: "plain", work })

const named = (workers: number, keepAlive: boolean) =>
  `${workers} worker${workers === 1 ? "" : "s"}, ${keepAlive ? "keep-alive" : "new connections"}`

const throughput = (workers: number, keepAlive: boolean) => ({
  name: `requests, ${named(workers, keepAlive)}`,
  input: plain(workers, { _tag: "Throughput", connections: 20, keepAlive }),
  cases: workers === 1 ? { manycore, raw, process } : { manycore, raw },
})

const inTurns = (workers: number, keepAlive: boolean) => ({
  name: `in turns with a bare primary, ${named(workers, keepAlive)}`,
  input: plain(workers, { _tag: "InTurns", connections: 20, keepAlive, turns: 8 }),
  cases: { manycore, "manycore roundRobin": cases["manycore roundRobin"] },
})

/** Counts what must not happen, and takes long: one round. */
const once = <A extends object>(workload: A) => ({
  ...workload,
  rounds: 1,
  deadline: "80 seconds" as const,
})

const both = ["keep-alive", "new connections"] as const

const reload = (
  name: string,
  work: Partial<Extract<Work["work"], { readonly _tag: "Reload" }>>,
  program: Work["program"] = "plain",
) => {
  const reloading = { _tag: "Reload", load: both, path: "/", times: 5, env: {}, ...work } as const
  const input: Work = { workers: 2, program, work: reloading }
  return once({ name, input, cases: { manycore, raw, pm2 } })
}

const badCode = (name: string, kind: string) =>
  reload(`reload into code that ${name}`, { times: 1, env: { BREAK: kind } })

/** A bare primary has no deadline for a start. */
const withDeadline = ({ cases: all, ...workload }: ReturnType<typeof reload>) => ({
  ...workload,
  cases: { manycore: all.manycore, pm2: all.pm2 },
})

const kill = (workers: number, times: number, name: string) =>
  once({
    name,
    input: plain(workers, { _tag: "Kill", times }),
    cases: { manycore, raw, pm2 },
  })

const crashLoop = (competitor: "manycore" | "raw", seconds: number) =>
  once({
    name: `crash loop, ${seconds} s`,
    input: plain(1, { _tag: "CrashLoop", seconds, givesUp: competitor === "manycore" }),
    cases: { [competitor]: cases[competitor] },
  })

await Bench.main({
  name: "@manycore/cluster",
  workloads: [
    throughput(1, false),
    throughput(1, true),
    throughput(2, false),
    throughput(2, true),
    inTurns(1, false),
    inTurns(1, true),
    inTurns(2, false),
    inTurns(2, true),
    {
      name: "150 requests a second, one in 15 blocks its worker for 20 ms, 2 workers",
      input: plain(2, { _tag: "Blocking", rate: 150, oneIn: 15 }),
      cases: { manycore, raw },
    },
    {
      name: "60 connections that stay for different times, 2 workers",
      input: plain(2, { _tag: "Fairness", connections: 60, steps: 300 }),
      cases: { manycore, raw },
    },
    reload("five times reload under load, plain program", {}),
    reload("five times reload under load, well-behaved program", {}, "behaved"),
    reload("five times reload, keep-alive clients that are never idle", { load: ["keep-alive"] }),
    reload("five times reload, requests of 2 s in flight", { path: "/slow" }),
    badCode("throws", "throw"),
    withDeadline(badCode("never listens", "silent")),
    withDeadline(badCode("hangs at its start", "hang")),
    kill(2, 10, "kill -9 of a worker, ten times under load, 2 workers"),
    kill(10, 10, "kill -9 of each of ten workers under load"),
    {
      name: "a killed worker is replaced, 4 workers",
      input: plain(4, { _tag: "Replace" }),
      cases: { manycore, raw, pm2 },
    },
    crashLoop("manycore", 60),
    crashLoop("raw", 10),
  ],
})
