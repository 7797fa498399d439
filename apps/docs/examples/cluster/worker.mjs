import { createServer } from "node:http"

import { onDrain, onShutdown } from "@manycore/cluster/worker"

const jobs = new Set()

onDrain(() => Promise.all(jobs)) // awaited before the worker counts as drained
onShutdown(() => console.log(`process ${process.pid} has finished`))

createServer((_request, response) => {
  const job = new Promise((resolve) => setTimeout(resolve, 50))
  jobs.add(job)
  void job.then(() => jobs.delete(job))
  response.end("accepted\n")
}).listen(0, "127.0.0.1")
