/** The floor: the same client as ours, `node:http` with an agent, without measuring anything. */
import { Agent, request } from "node:http"

import type { Case } from "@manycore/bench"

import { makeCase } from "../target.ts"

const entry: Case.Make = makeCase(
  ({ connections, url }, requests) =>
    new Promise((resolve, reject) => {
      const agent = new Agent({ keepAlive: true, maxSockets: connections })
      const target = new URL(url)
      const options = { host: target.hostname, port: target.port, path: target.pathname, agent }
      let left = requests
      let answered = 0
      let ended = 0
      const send = (): void => {
        if (left === 0) return
        left -= 1
        request(options, (response) => {
          if (response.statusCode === 200) answered += 1
          response.on("end", () => {
            ended += 1
            if (ended < requests) return send()
            agent.destroy()
            resolve(answered)
          })
          response.resume()
        })
          .on("error", reject)
          .end()
      }
      for (let i = 0; i < connections; i += 1) send()
    }),
)

export default entry
