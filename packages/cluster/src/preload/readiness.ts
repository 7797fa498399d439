/**
 * Tells the primary when this worker is ready, and on which port it listens; also for servers about
 * which node:cluster tells nothing (`reusePort`, `exclusive`).
 */
import type { Server } from "node:net"

import type { Agent } from "./Agent.ts"
import { probe } from "./probe.ts"
import type { Servers } from "./servers.ts"

export const sayReady = (agent: Agent): void => {
  if (agent.isReady) return
  agent.isReady = true
  agent.say(["ready"])
}

const portOf = (server: Server): number | null => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : null
}

export const install = (agent: Agent, servers: Servers): void => {
  const { ready } = agent.config
  servers.onListening((server) => {
    agent.say(["listening", portOf(server)])
    if (ready === "listening") sayReady(agent)
    else if (typeof ready === "object" && ready._tag === "Probe") {
      void probe(server, ready.path, () => sayReady(agent))
    }
  })
  if (ready === "spawned") sayReady(agent)
  else if (typeof ready === "object" && ready._tag === "Uptime") {
    setTimeout(() => sayReady(agent), ready.millis).unref()
  }
}
