/**
 * A TCP port that is free on `host` now. Workers that ask for port 0 must get the same one, now and
 * after a restart, and node:cluster gives them that only as long as one of them lives.
 */
import { createServer } from "node:net"

import { Effect } from "effect"

export const freePort = (host: string | undefined): Effect.Effect<number, Error> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(0, host, () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      server.close(() => resume(Effect.succeed(port)))
    })
  })
