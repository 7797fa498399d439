/**
 * Loaded into each worker before its program (`--import`). Imports nothing but `node:` and
 * `@manycore/ipc/bare`, and returns at once anywhere else, with next to nothing loaded: the program's
 * own forks and threads inherit Node's options.
 */
import cluster from "node:cluster"
import { isMainThread } from "node:worker_threads"

import { configVariable } from "../internal/configVariable.ts"

const given = process.env[configVariable]
if (given !== undefined && isMainThread && cluster.isWorker) {
  delete process.env[configVariable]
  const { begin } = await import("./begin.ts")
  begin(JSON.parse(given))
}
