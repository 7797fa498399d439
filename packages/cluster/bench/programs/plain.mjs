/** A program that never heard of anybody who might run it. BREAK says how it fails at its start,
 * CRASH names a file: while it is there, the program ends soon after its start. */
import { existsSync } from "node:fs"
import { createServer } from "node:http"

const { BREAK, CRASH, PORT } = process.env
if (BREAK === "throw") throw new Error("broken on purpose")
if (BREAK === "hang") for (;;);

const body = Buffer.from(`worker ${process.pid}`)
const headers = { "content-type": "text/plain", "content-length": body.length }

const server = createServer((request, response) => {
  const answer = () => response.writeHead(200, headers).end(body)
  if (request.url === "/block") {
    const end = performance.now() + 20
    while (performance.now() < end);
  }
  if (request.url === "/slow") setTimeout(answer, 2000)
  else answer()
})
// Alive, and of no use.
if (BREAK === "silent") setInterval(() => {}, 1000)
else server.listen(Number(PORT ?? 0), "127.0.0.1")

if (CRASH !== undefined && existsSync(CRASH)) setTimeout(() => process.exit(1), 50)
