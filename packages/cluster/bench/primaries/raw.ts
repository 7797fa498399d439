/** The floor: a primary of `node:cluster` and nothing else. */
import cluster from "node:cluster"
import { fileURLToPath } from "node:url"

const workers = Number(process.argv[2])

cluster.setupPrimary({ exec: fileURLToPath(new URL("../worker.ts", import.meta.url)) })
let listening = 0
cluster.on("listening", (_worker, { port }) => {
  if (++listening === workers) process.send?.(port)
})
for (let i = 0; i < workers; i++) cluster.fork()

process.on("SIGTERM", () => cluster.disconnect(() => process.exit(0)))
