/**
 * The floor: a primary of `node:cluster` and nothing else. argv: workers, program. It forks again what
 * has died, and reloads as one would write it: fork new ones, and disconnect the old when they listen.
 */
import cluster, { type Worker } from "node:cluster"
import { once } from "node:events"

const workers = Number(process.argv[2])
const exec = process.argv[3] ?? ""
/** Clients that keep their connections hold a worker for ever: in ms. */
const grace = 2500
const leaving = new Set<Worker>()

cluster.setupPrimary({ exec })
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
  const exited = once(old, "exit")
  old.disconnect()
  const timer = setTimeout(() => old.process.kill("SIGKILL"), grace)
  await exited
  clearTimeout(timer)
  return true
}

process.on("message", (question: { readonly reload?: Readonly<Record<string, string>> }) => {
  const reload = async () => {
    env = question.reload ?? {}
    const all = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    const replaced = await Promise.all(all.map(replace))
    process.send?.(replaced.every(Boolean) ? "done" : "failed")
  }
  void reload()
})
process.on("SIGTERM", () => cluster.disconnect(() => process.exit(0)))
