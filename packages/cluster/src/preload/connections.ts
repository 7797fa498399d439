/**
 * Connections that the primary hands over: they arrive over Node's IPC channel, one by one, and each is
 * answered before anything of it is read: taken, or refused and then handed to somebody else.
 */
import type { Answer } from "../internal/protocol.ts"
import * as acknowledgement from "./acknowledgement.ts"
import type { Agent } from "./Agent.ts"
import type { Arrivals } from "./Arrivals.ts"
import * as listen from "./listen.ts"
import { OpenConnections } from "./OpenConnections.ts"
import type { Servers } from "./servers.ts"

const isFull = ({ server }: listen.Listening): boolean => {
  const most: unknown = Reflect.get(server, "maxConnections")
  const open: unknown = Reflect.get(server, "_connections")
  return typeof most === "number" && typeof open === "number" && open >= most
}

/**
 * Gives connections to servers, as a handle of node:net does, and calls back when they are closed; at
 * once for one that its server does not want after all.
 */
const makeTake = (servers: Servers, onClosed: () => void) => {
  const handedOver = new WeakSet<object>()
  let isTaking = false
  let wasSeen = false
  servers.onConnection((socket) => {
    if (!isTaking) return
    wasSeen = true
    handedOver.add(socket)
  })
  servers.onClose((socket) => {
    if (handedOver.delete(socket)) onClosed()
  })
  return ({ handle }: listen.Listening, connection: acknowledgement.RawHandle): void => {
    isTaking = true
    wasSeen = false
    try {
      handle.onconnection?.(0, connection)
    } finally {
      isTaking = false
      if (!wasSeen) onClosed()
    }
  }
}

export const install = (agent: Agent, servers: Servers, arrivals: Arrivals): void => {
  const listening = listen.install(agent)
  const open = new OpenConnections((closed) => agent.say(["closed", closed]))
  const take = makeTake(servers, () => open.remove())
  /** Who takes a connection that has been answered. */
  const taking = new Map<number, listen.Listening>()

  const answer = ({ id, server }: acknowledgement.Handed, hasHandle: boolean): Answer => {
    const target = listening.get(server)
    const isTaken = hasHandle && target?.handle.onconnection !== undefined && !isFull(target)
    if (isTaken) {
      taking.set(id, target)
      open.add()
    } else arrivals.add()
    return { id, isTaken, closed: open.takeClosed() }
  }

  acknowledgement.install({
    answer,
    arrived: ({ id }, connection) => {
      const target = taking.get(id)
      taking.delete(id)
      if (target === undefined) return connection.close()
      try {
        take(target, connection)
      } finally {
        // Only now its socket is known.
        arrivals.add()
      }
    },
  })
}
