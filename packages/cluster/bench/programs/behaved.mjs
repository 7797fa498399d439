/** A program that says when it is ready, and on SIGTERM or SIGINT finishes what it has and goes. */
import { createServer } from "node:http"

let isEnding = false
const body = Buffer.from(`worker ${process.pid}`)

const server = createServer((_request, response) => {
  if (isEnding) response.shouldKeepAlive = false
  response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body)
})
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => process.send?.("ready"))

const end = () => {
  isEnding = true
  server.close(() => process.exit(0))
}
process.on("SIGTERM", end).on("SIGINT", end)
