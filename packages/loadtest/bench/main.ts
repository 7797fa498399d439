import { Bench } from "@manycore/bench"

import type { Input } from "./support/Generator.ts"
import { programs } from "./support/programs.ts"

const file = (name: string) => new URL(`./cases/${name}.ts`, import.meta.url)

type Competitor = "raw" | "wrk" | "ab" | "autocannon" | "loadtest"

/** Ours, and others; programs that are not on the machine are left out, loudly. */
const cases = (...others: ReadonlyArray<Competitor>) =>
  Object.fromEntries(
    ["manycore", ...others]
      .filter((name) => (name !== "wrk" && name !== "ab") || programs[name].path !== undefined)
      .map((name) => [name, file(name)]),
  )

/** What a workload asks of each of its cases. */
const workload = (
  name: string,
  input: Input,
  competitors: Bench.Workload["cases"],
): Bench.Workload => ({ name, input, cases: competitors })

for (const { command, debian, path } of Object.values(programs)) {
  if (path === undefined) {
    process.stderr.write(`${command} is missing and left out (apt-get install -y ${debian})\n`)
  }
}

const closed = (connections: number, ...others: ReadonlyArray<Competitor>): Bench.Workload =>
  workload(
    `closed, ${connections} connections, nginx`,
    { judge: "speed", connections },
    cases(...others),
  )

const plain = { seconds: 5, connections: 20, threads: 1, delays: [0], stall: 0 }

const pace = (
  rate: number,
  threads: number,
  ...others: ReadonlyArray<Competitor>
): Bench.Workload =>
  workload(
    `pace: ${rate} requests/s, 20 connections, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    { ...plain, judge: "pace", rate, threads },
    cases(...others),
  )

const times = (name: string, delays: ReadonlyArray<number>): Bench.Workload =>
  workload(
    `truth: ${name} service, 200 requests/s`,
    { ...plain, judge: "times", seconds: 3, rate: 200, delays },
    cases("autocannon"),
  )

await Bench.main({
  name: "@manycore/loadtest",
  workloads: [
    workload("start, 1 connection", { judge: "start" }, cases("raw", "wrk", "autocannon")),
    closed(50, "raw", "wrk", "ab", "autocannon", "loadtest"),
    closed(10, "wrk"),
    closed(256, "wrk"),
    pace(200, 1),
    pace(200, 2),
    pace(5000, 1, "autocannon"),
    pace(5000, 2),
    times("fixed", [20]),
    times("bimodal", [2, 2, 2, 2, 50]),
    workload(
      "truth: frozen for 1 s of 5, 200 requests/s where there is a rate",
      { ...plain, judge: "stall", connections: 10, rate: 200, stall: 1000 },
      cases("autocannon", "wrk", "ab"),
    ),
  ],
})
