/**
 * One address on which the primary listens for its workers. Accepts; what comes in is the
 * Dispatcher's. Ends with `close`.
 */
import { createServer, type Server } from "node:net"

import type { ListenRequest } from "../protocol.ts"
import { closeQueue, type RawHandle, takeOver } from "./rawHandle.ts"

/** UV_TCP_IPV6ONLY */
const ipv6Only = 1

export type Opened =
  | { readonly errno: 0; readonly sockname: object | null }
  | { readonly errno: number; readonly sockname: null }

/** Workers that ask for the same share a listener. */
export const keyOf = ({ address, addressType, fd, index, port }: ListenRequest): string =>
  [address, port, addressType, fd, index].join(":")

/** Any number that the system did not give: an error that has none must not look like success. */
const unknownError = -1

const errnoOf = (error: Error): number =>
  "errno" in error && typeof error.errno === "number" && error.errno !== 0
    ? error.errno
    : unknownError

const listen = (server: Server, request: ListenRequest): void => {
  const { address, backlog, fd, flags, port } = request
  const host = address === null ? {} : { host: address }
  const more = backlog > 0 ? { backlog } : {}
  if (fd >= 0) server.listen({ fd, ...more })
  else if (port >= 0) {
    server.listen({ port, ...host, ipv6Only: (flags & ipv6Only) !== 0, ...more })
  } else server.listen({ path: address ?? "", ...more })
}

export class Listener {
  /** What the first worker said of its TLS session tickets. */
  readonly data: unknown
  private readonly request: ListenRequest
  private readonly server: Server
  private opened: Opened | undefined
  private waiting: Array<(opened: Opened) => void> = []

  constructor(request: ListenRequest, accept: (handle: RawHandle) => void) {
    this.data = request.data
    this.request = request
    this.server = createServer()
    this.server.once("error", (error) => this.settle({ errno: errnoOf(error), sockname: null }))
    this.server.once("listening", () =>
      this.settle({ errno: 0, sockname: takeOver(this.server, accept) }),
    )
    try {
      listen(this.server, request)
    } catch (error) {
      const errno = error instanceof Error ? errnoOf(error) : unknownError
      queueMicrotask(() => this.settle({ errno, sockname: null }))
    }
  }

  /** Whether it listens on what the request names, by the port that the system chose for port 0. */
  isAt({ address, addressType, fd, port }: ListenRequest): boolean {
    const { opened, request } = this
    if (port <= 0 || request.port !== 0 || opened === undefined || opened.sockname === null) {
      return false
    }
    const isSameHost = request.address === address && request.addressType === addressType
    return isSameHost && request.fd === fd && Reflect.get(opened.sockname, "port") === port
  }

  /** Call back when it listens, or cannot. */
  whenOpened(callback: (opened: Opened) => void): void {
    if (this.opened === undefined) this.waiting.push(callback)
    else callback(this.opened)
  }

  /** Accept those who wait for it, and nobody else. */
  closeQueue(): void {
    if (this.server.listening) closeQueue(this.server)
  }

  close(): void {
    if (this.server.listening) this.server.close()
  }

  private settle(opened: Opened): void {
    if (this.opened !== undefined) return
    this.opened = opened
    const { waiting } = this
    this.waiting = []
    for (const callback of waiting) callback(opened)
  }
}
