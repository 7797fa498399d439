import { Bench } from "@manycore/bench"

import { programs } from "./support/programs.ts"

const file = (name: string) => new URL(`./cases/${name}.ts`, import.meta.url)

/** Programs that are not on the machine are left out, loudly. */
const external = (workload: "speed" | "truth", names: ReadonlyArray<"wrk" | "ab">) =>
  Object.fromEntries(
    names
      .filter((name) => programs[name].path !== undefined)
      .map((name) => [name, file(`${workload}.${name}`)]),
  )

for (const { command, debian, path } of Object.values(programs)) {
  if (path === undefined) {
    process.stderr.write(`${command} is missing and left out (apt-get install -y ${debian})\n`)
  }
}

const closed = (
  connections: number,
  names: ReadonlyArray<"wrk" | "ab">,
  more: Readonly<Record<string, URL>> = {},
): Bench.Workload => ({
  name: `closed, ${connections} connections, nginx`,
  input: { connections },
  cases: {
    manycore: file("speed.manycore"),
    raw: file("speed.raw"),
    ...external("speed", names),
    ...more,
  },
})

const plain = { seconds: 5, connections: 20, threads: 1, delays: [0], stall: 0 }

const pace = (rate: number, threads: number): Bench.Workload => ({
  name: `pace: ${rate} requests/s, 20 connections, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
  input: { ...plain, rate, threads, judge: "pace" },
  cases: {
    manycore: file("truth.manycore"),
    ...(threads === 1 ? { autocannon: file("truth.autocannon") } : {}),
  },
})

const times = (name: string, delays: ReadonlyArray<number>): Bench.Workload => ({
  name: `truth: ${name} service, 200 requests/s`,
  input: { ...plain, rate: 200, delays, judge: "times" },
  cases: { manycore: file("truth.manycore"), autocannon: file("truth.autocannon") },
})

const stalled: Bench.Workload = {
  name: "truth: frozen for 1 s of 10, 200 requests/s where there is a rate",
  input: { ...plain, seconds: 10, connections: 10, rate: 200, stall: 1000, judge: "stall" },
  cases: {
    manycore: file("truth.manycore"),
    autocannon: file("truth.autocannon"),
    ...external("truth", ["wrk", "ab"]),
  },
}

await Bench.main({
  name: "@manycore/loadtest",
  workloads: [
    closed(50, ["wrk", "ab"], {
      autocannon: file("speed.autocannon"),
      loadtest: file("speed.loadtest"),
    }),
    closed(10, ["wrk"]),
    closed(256, ["wrk"]),
    pace(200, 1),
    pace(5000, 1),
    pace(5000, 2),
    times("fixed", [20]),
    times("bimodal", [2, 2, 2, 2, 50]),
    stalled,
  ],
})
