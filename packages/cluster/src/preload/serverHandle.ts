/**
 * What node:net gets in place of a listening handle, for a server that the primary listens for: it accepts
 * nothing by itself, as that of node's own round robin.
 */
import type { RawHandle } from "./acknowledgement.ts"

export interface ServerHandle {
  readonly listen: () => number
  readonly close: () => void
  readonly ref: () => void
  readonly unref: () => void
  getsockname?: (out: object) => number
  /** Set by node:net when the server listens. */
  onconnection?: (status: number, handle: RawHandle) => void
}

/**
 * @param sockname where the primary listens, as Node's own handles tell it; null for a path
 * @param onClose called when the server closes
 */
export const make = (sockname: object | null, onClose: () => void): ServerHandle => {
  // As with a real one, the process lives while it is open.
  const alive = setInterval(() => {}, 2 ** 30)
  return {
    listen: () => 0,
    close: () => {
      clearInterval(alive)
      onClose()
    },
    ref: () => void alive.ref(),
    unref: () => void alive.unref(),
    ...(sockname === null
      ? {}
      : {
          getsockname: (out: object) => {
            Object.assign(out, sockname)
            return 0
          },
        }),
  }
}
