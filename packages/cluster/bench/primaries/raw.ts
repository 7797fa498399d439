/**
 * The floor: a primary of `node:cluster` and nothing else. It forks again what has died, and reloads
 * as one would write it: fork a new one, and disconnect the old one when it listens.
 */
import cluster, { type Worker } from "node:cluster"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const workers = Number(process.argv[2])
const leaving = new Set<Worker>()

cluster.setupPrimary({ exec: fileURLToPath(new URL("../worker.mjs", import.meta.url)) })
let listening = 0
let env: Readonly<Record<string, string>> = {}
cluster.on("listening", (_worker, { port }) => {
  if (++listening === workers) process.send?.({ port })
})
cluster.on("exit", (worker) => {
  if (!worker.exitedAfterDisconnect && !leaving.has(worker)) cluster.fork(env)
})
for (let i = 0; i < workers; i++) cluster.fork()

/** Whether a new worker listens before it ends. */
const replace = async (old: Worker): Promise<boolean> => {
  const next = cluster.fork(env)
  leaving.add(next)
  const [isUp] = await Promise.race([
    once(next, "listening").then(() => [true]),
    once(next, "exit").then(() => [false]),
  ])
  leaving.delete(next)
  if (isUp !== true) return false
  leaving.add(old)
  old.disconnect()
  // Clients that keep their connections hold it for ever.
  const timer = setTimeout(() => old.process.kill("SIGKILL"), 5000)
  await once(old, "exit")
  clearTimeout(timer)
  return true
}

process.on("message", (given: Readonly<Record<string, string>>) => {
  const reload = async () => {
    env = given
    for (const old of Object.values(cluster.workers ?? {})) {
      if (old !== undefined && !(await replace(old))) return process.send?.("failed")
    }
    return process.send?.("done")
  }
  void reload()
})
process.on("SIGTERM", () => cluster.disconnect(() => process.exit(0)))
