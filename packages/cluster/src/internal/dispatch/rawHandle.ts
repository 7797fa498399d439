/**
 * Node's own handles of sockets, of which its types say nothing: what node:cluster's round robin
 * uses of them, and no more. A connection that is never made a `Socket` has nothing read from it.
 */
import type { Server } from "node:net"

export interface RawHandle {
  readonly close: () => void
}

interface RawServer {
  listen: (backlog: number) => number
  onconnection: (status: number, handle: RawHandle | undefined) => void
  getsockname?: (out: object) => number
}

const isRawServer = (handle: unknown): handle is RawServer =>
  typeof handle === "object" && handle !== null && "onconnection" in handle && "listen" in handle

/** Take over what a listening server accepts; answers its address as Node's handles tell it. */
export const takeOver = (server: Server, accept: (handle: RawHandle) => void): object | null => {
  const handle: unknown = Reflect.get(server, "_handle")
  if (!isRawServer(handle)) throw new TypeError("this server does not listen")
  handle.onconnection = (status, connection) => {
    // Out of descriptors, or the client has gone: Node's round robin passes over these too.
    if (status === 0 && connection !== undefined) accept(connection)
  }
  if (handle.getsockname === undefined) return null
  const address = {}
  handle.getsockname(address)
  return address
}

/** Let the system put nobody else into the queue of those whom nobody has accepted yet. */
export const closeQueue = (server: Server): void => {
  const handle: unknown = Reflect.get(server, "_handle")
  if (isRawServer(handle)) handle.listen(0)
}
