/**
 * Counts the requests of a node:http server, and makes its keep-alive connections end: from `drain`
 * on every answer says `Connection: close`, and a connection is closed as soon as it is idle. It
 * does not stop the listening.
 */
import type { Server, ServerResponse } from "node:http"

export interface DrainableServer {
  /** Requests begun so far. */
  readonly requests: () => number
  readonly drain: () => void
}

export const drainable = (server: Server): DrainableServer => {
  const inFlight = new Set<ServerResponse>()
  let requests = 0
  let draining = false
  server.prependListener("request", (_request, response: ServerResponse) => {
    requests++
    if (draining) response.shouldKeepAlive = false
    inFlight.add(response)
    response.once("close", () => {
      inFlight.delete(response)
      // Its head may have said keep-alive before we knew.
      if (draining) server.closeIdleConnections()
    })
  })
  return {
    requests: () => requests,
    drain: () => {
      draining = true
      for (const response of inFlight) if (!response.headersSent) response.shouldKeepAlive = false
      server.closeIdleConnections()
    },
  }
}
