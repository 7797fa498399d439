/** From the start of a generator's process, on one core, to its first request at a server. */
import { once } from "node:events"
import { createServer } from "node:net"

import type { Case } from "@manycore/bench"

import type { Generator } from "./Generator.ts"
import * as Measured from "./measured.ts"

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
const times = 5

export const makeCase = async (generator: Generator): Promise<Case.Case> => {
  let seen: ((at: number) => void) | undefined
  const server = createServer((socket) => {
    socket.on("error", () => {})
    socket.on("data", () => {
      seen?.(performance.now())
      socket.write(answer)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}/`

  const start = async (): Promise<number> => {
    const first = new Promise<number>((resolve) => {
      seen = resolve
    })
    const begun = performance.now()
    const { code, stdout } = await Measured.run(
      generator.command(url, { connections: 1, seconds: 1 }),
      { watch: false },
    )
    if (code !== 0) throw new Error(`exit ${code}: ${stdout.slice(0, 500)}`)
    return (await first) - begun
  }
  return {
    // Whatever it keeps from one start to the next is there then.
    check: start,
    measure: async () => {
      const found: Array<number> = []
      for (let i = 0; i < times; i += 1) found.push(await start())
      return [{ metric: "to the first request, worst of 5", unit: "ms", value: Math.max(...found) }]
    },
    close: () => {
      server.close()
    },
  }
}
