/** Puts everything of the preload to work in a worker, in the order in which it is needed. */
import { Socket } from "node:net"

import { Link, pipeWire } from "@manycore/ipc/bare"

import type { Config } from "../internal/protocol.ts"
import * as Agent from "./Agent.ts"
import { Arrivals } from "./Arrivals.ts"
import * as connections from "./connections.ts"
import * as crash from "./crash.ts"
import * as drain from "./drain.ts"
import * as heartbeat from "./heartbeat.ts"
import * as output from "./output.ts"
import * as readiness from "./readiness.ts"
import * as servers from "./servers.ts"
import * as shutdown from "./shutdown.ts"

export const begin = (config: Config): void => {
  const socket = new Socket({ fd: 4 })
  socket.unref()
  const link = new Link(pipeWire(socket, { peer: `primary ${process.ppid}` }))
  const agent = Agent.make(link, config)
  crash.install(agent)
  output.install()
  heartbeat.install(agent)
  const known = servers.install()
  const arrivals = new Arrivals()
  shutdown.install(
    agent,
    drain.install(known, { stopsAccepting: !config.handsOver, arrivals }),
    arrivals,
  )
  if (config.handsOver) connections.install(agent, known, arrivals)
  readiness.install(agent, known)
}
