/** What is measured, and beside whom. */
import type { Bench } from "@manycore/bench"

import type { Workload } from "./measure.ts"
import { sharedWorkloads } from "./shared.ts"

const file = (name: string) => new URL(`./cases/${name}.ts`, import.meta.url)

/** Ours first, then the floor, then the peers as the registry has them. */
const ours = {
  manycore: file("manycore"),
  "manycore promise": file("manycorePromise"),
  "manycore Effect entry": file("manycoreEffect"),
}
const raw = { raw: file("raw") }
const peers = {
  piscina: file("piscina"),
  tinypool: file("tinypool"),
  poolifier: file("poolifier"),
  workerpool: file("workerpool"),
  "Effect rpc": file("effectRpc"),
}
const all = { ...ours, ...raw, ...peers }

/** All but those that cannot do this. */
const without = (...names: ReadonlyArray<string>): Record<string, URL> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)))

const workload = (name: string, input: Workload, cases: Record<string, URL> = all) => ({
  name,
  input,
  cases,
})

export const workloads: ReadonlyArray<Bench.Workload> = [
  workload(
    "empty tasks, 2 threads, 1000 in flight",
    { kind: "throughput", task: "empty", inFlight: 1000 },
    { ...all, "piscina, 64 per worker": file("piscina64") },
  ),
  workload("one task after the other, one core", { kind: "latency", pinned: true }),
  workload("one task after the other, all cores", { kind: "latency", pinned: false }),
  // Four in flight: a thread that has finished finds its next task.
  workload("1 ms CPU tasks, 2 threads", { kind: "throughput", task: "mix", inFlight: 4 }),
  workload("1 MiB copied", { kind: "bytes", how: "copied" }),
  // Poolifier transfers in one direction only.
  workload("1 MiB transferred", { kind: "bytes", how: "transferred" }, without("poolifier")),
  // Effect copies what is shared.
  workload("1 MiB shared", { kind: "bytes", how: "shared" }, without("Effect rpc")),
  // Poolifier's pools do not end while others begin: its cases hang here.
  workload("start of one thread", { kind: "start" }, without("poolifier")),
  workload("idle threads", { kind: "memory" }, without("poolifier")),
  // Raw has no abort; a busy loop cannot be aborted in Poolifier and in Effect's pool.
  workload(
    "abort of a busy loop",
    { kind: "abort" },
    {
      manycore: ours.manycore,
      "manycore promise": ours["manycore promise"],
      "manycore Effect entry, a spare": file("manycoreSpare"),
      piscina: peers.piscina,
      tinypool: peers.tinypool,
      workerpool: peers.workerpool,
    },
  ),
  // What a layer costs that not everybody needs.
  workload(
    "empty tasks with layers, 2 threads, 1000 in flight",
    { kind: "throughput", task: "empty", inFlight: 1000 },
    {
      manycore: ours.manycore,
      "manycore, metrics": file("manycoreMetrics"),
      "manycore, priorities": file("manycorePriorities"),
      "manycore, spans": file("manycoreSpans"),
    },
  ),
  ...sharedWorkloads,
]
