/** The program that each worker runs, whoever starts it; never heard of anybody. */
import { createServer } from "node:http"

const { BREAK, PORT } = process.env
if (BREAK === "throw") throw new Error("broken on purpose")

const body = Buffer.from(`worker ${process.pid}`)
const headers = { "content-type": "text/plain", "content-length": body.length }

createServer((request, response) => {
  const answer = () => response.writeHead(200, headers).end(body)
  if (request.url === "/block") {
    const end = performance.now() + 20
    while (performance.now() < end);
  }
  if (request.url === "/slow") setTimeout(answer, 2000)
  else answer()
}).listen(Number(PORT ?? 0), "127.0.0.1")

if (BREAK === "late") setTimeout(() => process.exit(1), 50)
