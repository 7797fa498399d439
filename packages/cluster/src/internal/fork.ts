/** A process of node:cluster with the preload, and a pipe of ours as its descriptor 4. */
import cluster from "node:cluster"

import type { Scheduling } from "../Scheduling.ts"
import { configVariable } from "./configVariable.ts"
import type { Place } from "./Launcher.ts"
import type { Config } from "./protocol.ts"
import type { Spec } from "./Spec.ts"

/** "./preload/main.ts" next to a source file, "main.js" next to a built one. */
const preload = new URL(
  import.meta.url.endsWith(".ts") ? "../preload/main.ts" : "../preload/main.js",
  import.meta.url,
).href

/** What node:cluster does with connections that we do not hand over: the first fork fixes it. */
let fixed: "operatingSystem" | "roundRobin" | undefined

export const fixedScheduling = () => fixed

/** node:cluster's settings are global, and read by each fork. */
export const fork = (spec: Spec, place: Place, config: Config, scheduling: Scheduling) => {
  fixed ??= scheduling === "operatingSystem" ? scheduling : "roundRobin"
  cluster.schedulingPolicy = fixed === "operatingSystem" ? cluster.SCHED_NONE : cluster.SCHED_RR
  cluster.setupPrimary({
    exec: spec.file,
    args: [...spec.args],
    execArgv: [...spec.execArgv, "--import", preload],
    stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    // Undefined is what node:cluster and spawn take for the primary's own; their types say otherwise.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    cwd: spec.cwd as string,
    silent: false,
  })
  return cluster.fork({
    ...spec.env,
    NODE_APP_INSTANCE: String(place.index),
    [configVariable]: JSON.stringify(config),
  })
}
