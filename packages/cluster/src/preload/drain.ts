/**
 * Lets the servers of this process finish what they have, without the program knowing:
 * 1. nothing new comes in (what node:cluster or the system would still hand over is turned off);
 * 2. every HTTP answer says `Connection: close`, HTTP/2 sessions and WebSockets are told to end;
 * 3. idle connections stay open for the lame-duck time, because a request for them may be on its
 *    way, then they are closed;
 * 4. when no connection is left, nor on its way, it is drained.
 *
 * Who waits for step 4 sets its own deadline.
 */
import { subscribe } from "node:diagnostics_channel"
import type { Server as HttpServer, ServerResponse } from "node:http"
import type { Server } from "node:net"
import type { Duplex } from "node:stream"

import type { Arrivals } from "./Arrivals.ts"
import type { Servers } from "./servers.ts"
import { closeFrame } from "./webSockets.ts"

export interface Drain {
  readonly isDraining: () => boolean
  /** Begin; later calls only wait too. `lameDuck` in ms. Calls back when nothing is left, again and
   * again when something came in late. */
  readonly begin: (lameDuck: number, onDrained: () => void) => void
}

export interface DrainOptions {
  /** Step 1, where the primary does not do it. */
  readonly stopsAccepting: boolean
  /** What the primary hands over, where it does. */
  readonly arrivals?: Arrivals
}

/** How often idle connections are looked for, in ms. */
const every = 50

const lastAnswer = (response: unknown): void => {
  if (typeof response !== "object" || response === null || !("headersSent" in response)) return
  if (response.headersSent === false) Reflect.set(response, "shouldKeepAlive", false)
}

const hasResponse = (message: unknown): message is { readonly response: ServerResponse } =>
  typeof message === "object" && message !== null && "response" in message

const canCloseIdle = (server: Server): server is HttpServer =>
  "closeIdleConnections" in server && typeof server.closeIdleConnections === "function"

interface Session {
  readonly close: () => void
}

const isSession = (value: unknown): value is Session =>
  typeof value === "object" && value !== null && "close" in value && "goaway" in value

/** Turn off the handle only: the program's own `close()` must find its server as it left it. */
const stopAccepting = (server: Server): void => {
  const handle: unknown = Reflect.get(server, "_handle")
  if (typeof handle !== "object" || handle === null || !("close" in handle)) return
  if (typeof handle.close === "function") handle.close()
}

export const install = (servers: Servers, options: DrainOptions): Drain => {
  const sessions = new Set<Session>()
  const upgraded = new Set<Duplex>()
  let isDraining = false

  const watched = new WeakSet<Server>()
  const watchUpgrades = (server: Server) => {
    if (watched.has(server)) return
    watched.add(server)
    server.prependListener("upgrade", (_request: unknown, socket: Duplex) => {
      upgraded.add(socket)
      socket.once("close", () => upgraded.delete(socket))
      // After the answer to the upgrade.
      if (isDraining) setTimeout(() => closeFrame(socket), every).unref()
    })
  }

  servers.onListening((server) => {
    server.on("session", (session: unknown) => {
      if (!isSession(session)) return
      sessions.add(session)
      if (isDraining) session.close()
    })
    // One listener more than none would turn every upgrade into a hang.
    if (server.listenerCount("upgrade") > 0) watchUpgrades(server)
    else {
      server.on("newListener", (name: string) => {
        if (name === "upgrade") watchUpgrades(server)
      })
    }
  })

  const answerWithClose = () => {
    for (const socket of servers.sockets) lastAnswer(Reflect.get(socket, "_httpMessage"))
    subscribe("http.server.request.start", (message) => {
      if (hasResponse(message)) lastAnswer(message.response)
    })
  }

  /** Again and again: an answer whose head had said keep-alive leaves its connection idle later. */
  const closeIdle = (lameDuck: number) => {
    const close = new Map<HttpServer, () => void>()
    for (const server of servers.all) {
      if (!canCloseIdle(server)) continue
      close.set(server, server.closeIdleConnections.bind(server))
      // `server.close()` of the program closes what is idle at once, through this method.
      server.closeIdleConnections = () => {}
    }
    const sweep = () => {
      for (const closeIdleConnections of close.values()) closeIdleConnections()
    }
    setTimeout(() => {
      sweep()
      setInterval(sweep, every).unref()
    }, lameDuck).unref()
  }

  return {
    isDraining: () => isDraining,
    begin: (lameDuck, onDrained) => {
      const check = () => {
        if (servers.sockets.size === 0 && options.arrivals?.isOver !== false) onDrained()
      }
      servers.onClose(check)
      options.arrivals?.onOver(check)
      if (!isDraining) {
        isDraining = true
        answerWithClose()
        if (options.stopsAccepting) servers.all.forEach(stopAccepting)
        for (const session of sessions) session.close()
        for (const socket of upgraded) closeFrame(socket)
        closeIdle(lameDuck)
      }
      check()
    },
  }
}
