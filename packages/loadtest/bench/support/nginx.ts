/** nginx with one worker, which says a few bytes to everybody, on the core of the servers. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { pinned } from "./measured.ts"
import { need } from "./programs.ts"

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })

export interface Nginx {
  readonly url: string
  readonly close: () => Promise<void>
}

export const start = async (): Promise<Nginx> => {
  const folder = mkdtempSync(join(tmpdir(), "manyload-bench-"))
  const port = await freePort()
  writeFileSync(
    join(folder, "nginx.conf"),
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { add_header Content-Type text/plain; return 200 "hello world!"; }
  }
}
`,
  )
  const [file = "", ...args] = pinned(1, [need("nginx"), "-c", join(folder, "nginx.conf")])
  const child = spawn(file, args, { stdio: "ignore" })
  const exited = once(child, "exit")
  const deadline = performance.now() + 10_000
  while (!(await answers(port))) {
    if (performance.now() > deadline) throw new Error("nginx does not answer")
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      child.kill("SIGTERM")
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
