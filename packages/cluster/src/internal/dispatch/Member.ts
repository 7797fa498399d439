/** A worker as the Dispatcher knows it: on which addresses it listens, and what it holds. */
import type { RawHandle } from "./rawHandle.ts"

/** A connection that no worker has taken yet. */
export interface Connection {
  readonly handle: RawHandle
  readonly key: string
  /** Serials of workers that refused it. */
  readonly refusedBy: Set<number>
}

/** Hand a connection to the worker's server of that number. False when it did not leave this process. */
export type Send = (server: number, id: number, handle: RawHandle) => boolean

export class Member {
  readonly serial: number
  readonly send: Send
  /** May it be handed connections? */
  isOpen = false
  /** Number of its server by address. */
  readonly servers = new Map<string, number>()
  /** How many it was handed in all. */
  handed = 0
  /** Handed over, and neither taken nor refused. */
  readonly pending = new Map<number, Connection>()
  /** When the first of those was sent, in ms of this process. */
  sentAt = 0
  /** Taken, and not closed; less than 0 when some were closed that are not known as taken yet. */
  held = 0

  constructor(serial: number, send: Send) {
    this.serial = serial
    this.send = send
  }

  get connections(): number {
    return this.held + this.pending.size
  }

  get unacknowledged(): number {
    return this.pending.size
  }
}
