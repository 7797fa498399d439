/**
 * Counts the requests of a node:http server, and makes its keep-alive connections end without losing
 * a request: from `drain` on every answer says `Connection: close`, and a connection that is idle
 * stays open for the lame-duck time, because a request for it may be on its way. It does not stop
 * the listening.
 */
import type { Server, ServerResponse } from "node:http"

export interface DrainableServer {
  /** Requests begun so far. */
  readonly requests: () => number
  readonly drain: () => void
}

/** How long an idle connection waits for its last request, in ms. */
const lameDuck = 1000

export const drainable = (server: Server): DrainableServer => {
  const inFlight = new Set<ServerResponse>()
  let requests = 0
  let draining = false
  server.prependListener("request", (_request, response: ServerResponse) => {
    requests++
    if (draining) response.shouldKeepAlive = false
    inFlight.add(response)
    response.once("close", () => inFlight.delete(response))
  })
  return {
    requests: () => requests,
    drain: () => {
      draining = true
      for (const response of inFlight) if (!response.headersSent) response.shouldKeepAlive = false
      // `server.close()` closes what is idle at once, through this method.
      const closeIdleConnections = server.closeIdleConnections.bind(server)
      server.closeIdleConnections = () => {}
      // Again and again: an answer whose head had said keep-alive leaves its connection idle later.
      setTimeout(() => setInterval(closeIdleConnections, 50).unref(), lameDuck).unref()
    },
  }
}
