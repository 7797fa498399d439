import { createServer } from "node:http"

if (process.env.VERSION === "broken") throw new Error("this version is broken")

createServer((_request, response) => {
  response.end(`version ${process.env.VERSION} from process ${process.pid}\n`)
}).listen(Number(process.env.PORT ?? 0), "127.0.0.1")
