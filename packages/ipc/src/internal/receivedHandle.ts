/**
 * A handle that arrived, as a socket or server of this process: nothing happens to it before the program
 * had a turn, and it is destroyed with the Scope in which it was received.
 */
import * as Net from "node:net"

import { Effect, Scope } from "effect"

import type { Handle } from "./handleModel.ts"
import type { Said } from "./handleProtocol.ts"
import type { RawHandle } from "./rawHandle.ts"

export const close = (handle: Handle) => {
  if (handle instanceof Net.Server) handle.close()
  else handle.destroy()
}

/** A socket that nobody reads until the program, which has it now, had a turn. */
const makeSocket = (raw: RawHandle, allowHalfOpen: boolean): Net.Socket => {
  // `handle` and `manualStart` are Node's own, used by its server and by connect.
  const privately: object = { handle: raw, manualStart: true }
  const socket = new Net.Socket({ ...privately, readable: true, writable: true, allowHalfOpen })
  setImmediate(() => {
    // As Node does for a new connection, so that its end is noticed even if nobody reads.
    if (socket.readableFlowing === null && !socket.destroyed) socket.read(0)
  })
  return socket
}

/** A server that accepts from its first `connection` listener on. */
const makeServer = (raw: RawHandle): Net.Server => {
  const server = Net.createServer()
  const inner: { _handle: RawHandle | null } = Object.assign(server, { _handle: raw })
  const start = (event: string) => {
    if (event !== "connection") return
    server.off("newListener", start)
    if (inner._handle !== raw) return
    inner._handle = null
    server.listen(raw)
  }
  server.on("newListener", start)
  return server
}

export interface Owned {
  closed: boolean
  readonly handles: Set<Handle>
}

const ownedBy = new WeakMap<Scope.Scope, Owned>()

/** What was received in a Scope and is still open; destroyed with it. */
export const ownedHandles = Effect.fnUntraced(function* (scope: Scope.Scope) {
  const known = ownedBy.get(scope)
  if (known !== undefined) return known
  const owned: Owned = { closed: false, handles: new Set() }
  ownedBy.set(scope, owned)
  yield* Scope.addFinalizer(
    scope,
    Effect.sync(() => {
      owned.closed = true
      for (const handle of owned.handles) close(handle)
    }),
  )
  return owned
})

/** The socket or server over a raw handle; closed at once where its Scope is. */
export const receive = (said: Said, raw: RawHandle, owned: Owned): Handle => {
  const handle = said.kind === "server" ? makeServer(raw) : makeSocket(raw, said.halfOpen)
  if (owned.closed) close(handle)
  else {
    owned.handles.add(handle)
    handle.once("close", () => owned.handles.delete(handle))
  }
  return handle
}
