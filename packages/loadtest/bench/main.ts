import { Bench } from "@manycore/bench"

import { programs } from "./support/programs.ts"

const file = (name: string) => new URL(`./cases/${name}.ts`, import.meta.url)

/** Programs that are not on the machine are left out, loudly. */
const external = (workload: string, names: ReadonlyArray<"wrk" | "ab">) =>
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

await Bench.main({
  name: "@manycore/loadtest",
  workloads: [
    closed(50, ["wrk", "ab"], {
      autocannon: file("speed.autocannon"),
      loadtest: file("speed.loadtest"),
    }),
    closed(10, ["wrk"]),
    closed(256, ["wrk"]),
  ],
})
