/**
 * Reads and writes a socket's descriptor at once, beside the socket: a large message then needs no copy
 * on its way out and none on its way in. Whatever cannot be done at once is left to the socket, errors
 * too: it meets them again and tells them.
 */
import { readSync, writevSync } from "node:fs"
import type { Socket } from "node:net"

import { byteLength } from "./Frame.ts"
import { Patience } from "./Patience.ts"

export class Descriptor {
  private readonly socket: Socket
  /** With many messages in flight the pipe is mostly full, and empty behind each of them. */
  private readonly writes = new Patience(32)
  private readonly reads = new Patience(4)

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
    if (this.socket.writableLength > 0 || !this.socket.writable || !this.writes.isDue) return 0
    const { fd } = this
    let written = 0
    try {
      if (fd !== undefined) written = writevSync(fd, pieces)
    } catch {
      // It is full, or gone.
    }
    this.writes.tried(written === byteLength(pieces))
    return written
  }

  /**
   * How many bytes were there already. Only from inside of the socket's own `data`: then it holds
   * none that come before them.
   */
  read(room: Uint8Array): number {
    if (!this.reads.isDue) return 0
    const { fd } = this
    let count = 0
    try {
      if (fd !== undefined) count = readSync(fd, room)
    } catch {
      // There is nothing yet.
    }
    this.reads.tried(count > 0)
    return count
  }
}
