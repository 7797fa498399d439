/**
 * Reads and writes a socket's descriptor at once, beside the socket: a large message then needs no copy
 * on its way out and none on its way in. Whatever cannot be done at once is left to the socket, errors
 * too: it meets them again and tells them.
 */
import { readSync, writevSync } from "node:fs"
import type { Socket } from "node:net"

import { byteLength } from "./Frame.ts"

/** A pipe that was full is likely to be full again: so many writes are left to the socket then. */
const patience = 32

export class Descriptor {
  private readonly socket: Socket
  private left = 0

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** Node has no public name for it, and none at all on Windows: then the socket does everything. */
  private get fd(): number | undefined {
    if (this.socket.destroyed) return undefined
    const handle: unknown = Reflect.get(this.socket, "_handle")
    const fd: unknown = typeof handle === "object" && handle !== null && Reflect.get(handle, "fd")
    return typeof fd === "number" && fd >= 0 ? fd : undefined
  }

  /** How many bytes of these were taken at once; none while others wait in the socket. */
  write(pieces: ReadonlyArray<Uint8Array>): number {
    if (this.socket.writableLength > 0 || !this.socket.writable || this.left-- > 0) return 0
    const { fd } = this
    let written = 0
    try {
      if (fd !== undefined) written = writevSync(fd, pieces)
    } catch {
      // It is full, or gone.
    }
    this.left = written === byteLength(pieces) ? 0 : patience
    return written
  }

  /**
   * How many bytes were there already. Only from inside of the socket's own `data`: then it holds
   * none that come before them.
   */
  read(room: Uint8Array): number {
    const { fd } = this
    try {
      return fd === undefined ? 0 : readSync(fd, room)
    } catch {
      return 0
    }
  }
}
