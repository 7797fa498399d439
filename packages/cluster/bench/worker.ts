/** The program that each worker runs, whoever forks it. */
import { createServer } from "node:http"

const body = Buffer.from(`worker ${process.pid}`)

createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body)
}).listen(0, "127.0.0.1")
