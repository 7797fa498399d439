/** The target of the bench, in a process of its own: says its port, then how many it has served. */
import { createServer } from "node:http"

let served = 0
const body = Buffer.from("hello")
const server = createServer((_request, response) => {
  served += 1
  response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body)
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.(typeof address === "object" && address !== null ? address.port : 0)
})
process.on("message", () => process.send?.(served))
process.on("disconnect", () => process.exit())
