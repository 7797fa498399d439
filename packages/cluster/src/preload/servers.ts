/**
 * Knows the servers of this process and their open connections. Whoever else listens here is told;
 * nothing is closed.
 */
import { subscribe } from "node:diagnostics_channel"
import { Server, type Socket } from "node:net"

export interface Servers {
  readonly all: ReadonlySet<Server>
  /** Open connections; of a TLS server, the encrypted and the plain side of each. */
  readonly sockets: ReadonlySet<Socket>
  readonly onListening: (listener: (server: Server) => void) => void
  readonly onConnection: (listener: (socket: Socket) => void) => void
  readonly onClose: (listener: (socket: Socket) => void) => void
}

const hasSocket = (message: unknown): message is { readonly socket: Socket } =>
  typeof message === "object" && message !== null && "socket" in message

export const install = (): Servers => {
  const all = new Set<Server>()
  const sockets = new Set<Socket>()
  const listening = new Set<(server: Server) => void>()
  const connected = new Set<(socket: Socket) => void>()
  const closed = new Set<(socket: Socket) => void>()

  const onClose = function (this: Socket) {
    sockets.delete(this)
    for (const listener of closed) listener(this)
  }
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", onClose)
  }
  subscribe("net.server.socket", (message) => {
    if (!hasSocket(message)) return
    track(message.socket)
    for (const listener of connected) listener(message.socket)
  })

  const known = (server: Server) => {
    all.add(server)
    server.once("close", () => all.delete(server))
    for (const listener of listening) listener(server)
  }
  const original: unknown = Reflect.get(Server.prototype, "listen")
  const seen = new WeakSet<Server>()
  // Every kind of server inherits it; there is no event for a server that begins to listen.
  const listen = function (this: Server, ...args: Array<unknown>): unknown {
    if (!seen.has(this)) {
      seen.add(this)
      this.prependListener("listening", () => known(this))
      this.on("secureConnection", track)
    }
    return typeof original === "function" ? Reflect.apply(original, this, args) : this
  }
  Reflect.set(Server.prototype, "listen", listen)
  return {
    all,
    sockets,
    onListening: (listener) => void listening.add(listener),
    onConnection: (listener) => void connected.add(listener),
    onClose: (listener) => void closed.add(listener),
  }
}
