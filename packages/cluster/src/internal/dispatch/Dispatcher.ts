/**
 * Hands connections to workers, each to the one that has the fewest. A connection stays open here
 * until its worker has taken it; when the worker dies first, or refuses, it goes to another one.
 * What no worker can take now waits in a bounded queue, and what does not fit there is closed.
 *
 * It starts nothing but listeners, and ends with `close`.
 */
import { constants } from "node:os"

import * as Scheduling from "../../Scheduling.ts"
import type { ListenRequest } from "../protocol.ts"
import { keyOf, Listener, type Opened } from "./Listener.ts"
import { type Connection, Member, type Send } from "./Member.ts"
import type { RawHandle } from "./rawHandle.ts"

/** So many may be on their way to one worker: it finds the next one there when it has taken one. */
const mostUnacknowledged = 8

/**
 * A worker that takes longer than this is busy, in ms: what comes now waits here, and goes to whoever
 * takes its own first, and not behind a loop that is blocked.
 */
const busyAfter = 1.5

/** A worker that listens on more addresses is not right in its head. */
const mostServers = 1024

/** More turns of the loop than it takes to let in whom the system has: an end for a system that goes on. */
const mostTurns = 1000

const nextTurn = () => new Promise((resume) => setImmediate(setImmediate, resume))

export interface DispatcherOptions {
  /** How many connections may wait for a worker, over all addresses. */
  readonly mostQueued: number
}

export class Dispatcher {
  private readonly options: DispatcherOptions
  private readonly listeners = new Map<string, Listener>()
  private readonly members = new Map<number, Member>()
  private readonly queues = new Map<string, Array<Connection>>()
  private queued = 0
  private accepted = 0
  private nextId = 1
  private turn = 0
  private isClosed = false

  constructor(options: DispatcherOptions) {
    this.options = options
  }

  /** Connections that wait, and those on their way. For tests and figures. */
  get waiting(): number {
    let waiting = this.queued
    for (const member of this.members.values()) waiting += member.pending.size
    return waiting
  }

  join(serial: number, send: Send): void {
    this.members.set(serial, new Member(serial, send))
  }

  /** From now on it is handed connections. */
  open(serial: number): void {
    const member = this.members.get(serial)
    if (member === undefined) return
    member.isOpen = true
    for (const key of member.servers.keys()) this.pump(key)
  }

  /** From now on it is handed none. */
  shut(serial: number): void {
    const member = this.members.get(serial)
    if (member !== undefined) member.isOpen = false
  }

  /** Whether nothing is on its way to it. */
  isIdle(serial: number): boolean {
    return (this.members.get(serial)?.pending.size ?? 0) === 0
  }

  /** It is dead, and all that it said has been heard: what it had not taken goes to others. */
  gone(serial: number): void {
    const member = this.members.get(serial)
    if (member === undefined) return
    this.members.delete(serial)
    // In the order in which they came.
    for (const connection of [...member.pending.values()].toReversed())
      this.enqueueFirst(connection)
    for (const key of member.servers.keys()) this.pump(key)
  }

  /** How many it was handed in all. */
  handedTo(serial: number): number {
    return this.members.get(serial)?.handed ?? 0
  }

  /** A worker wants to listen: answers when the address is open, or cannot be. */
  listen(
    serial: number,
    id: number,
    request: ListenRequest,
    answer: (opened: Opened, data: unknown) => void,
  ): void {
    const member = this.members.get(serial)
    if (member === undefined || this.isClosed || member.servers.size >= mostServers) return
    const key = this.keyFor(request)
    let listener = this.listeners.get(key)
    if (listener === undefined) {
      listener = new Listener(request, (handle) => this.accept(key, handle))
      this.listeners.set(key, listener)
    }
    const { data } = listener
    listener.whenOpened((opened) => {
      if (opened.errno !== 0) {
        // The next one may try again.
        if (this.listeners.get(key) === listener) this.listeners.delete(key)
      } else if (member.servers.has(key)) {
        // Another server of the same worker has it.
        return answer({ errno: -constants.errno.EADDRINUSE, sockname: null }, undefined)
      } else member.servers.set(key, id)
      answer(opened, data)
      if (opened.errno === 0) this.pump(key)
    })
  }

  /** A worker closed its server. With the last one that lives, the address is given up. */
  unlisten(serial: number, id: number): void {
    const member = this.members.get(serial)
    if (member === undefined) return
    for (const [key, server] of member.servers) {
      if (server !== id) continue
      member.servers.delete(key)
      // One that drains closes its server because it ends; its replacement wants the address.
      if (member.isOpen) this.closeIfUnused(key)
    }
  }

  /** Give up the addresses that no worker listens on any more. */
  prune(): void {
    for (const key of this.listeners.keys()) this.closeIfUnused(key)
  }

  taken(serial: number, id: number): void {
    const member = this.members.get(serial)
    const connection = member?.pending.get(id)
    if (member === undefined || connection === undefined) return
    member.pending.delete(id)
    // The next one has just begun to travel.
    member.sentAt = performance.now()
    member.held++
    connection.handle.close()
    this.pump(connection.key)
  }

  refused(serial: number, id: number): void {
    const member = this.members.get(serial)
    const connection = member?.pending.get(id)
    if (member === undefined || connection === undefined) return
    member.pending.delete(id)
    connection.refusedBy.add(serial)
    this.enqueueFirst(connection)
    this.pump(connection.key)
  }

  closed(serial: number, count: number): void {
    const member = this.members.get(serial)
    // One whose end was heard of before its beginning is among those on their way.
    if (member !== undefined) member.held = Math.max(-member.pending.size, member.held - count)
  }

  /** Nobody will ever take what waits: let the clients know. */
  dropQueued(): void {
    for (const queue of this.queues.values()) for (const { handle } of queue) handle.close()
    this.queues.clear()
    this.queued = 0
  }

  /**
   * Let in those whom the system has, because it cuts them off when a listener closes; then nobody else.
   */
  async finishListening(): Promise<void> {
    for (const listener of this.listeners.values()) listener.closeQueue()
    let before = -1
    for (let turn = 0; turn < mostTurns && before !== this.accepted; turn++) {
      before = this.accepted
      await nextTurn()
    }
    this.stopListening()
  }

  /** Nothing comes in any more. What waits goes to the workers, busy or not: they finish it. */
  private stopListening(): void {
    this.isClosed = true
    for (const listener of this.listeners.values()) listener.close()
    this.listeners.clear()
    for (const key of this.queues.keys()) this.pump(key, true)
    this.dropQueued()
  }

  /** Listen no more, and close what nobody has taken. */
  close(): void {
    this.stopListening()
    for (const member of this.members.values()) {
      for (const { handle } of member.pending.values()) handle.close()
    }
    this.members.clear()
  }

  /** A port that the system chose may be asked for by its number later: after a reload, or anew. */
  private keyFor(request: ListenRequest): string {
    const key = keyOf(request)
    if (this.listeners.has(key)) return key
    for (const [known, listener] of this.listeners) if (listener.isAt(request)) return known
    return key
  }

  private accept(key: string, handle: RawHandle): void {
    this.accepted++
    const connection: Connection = { handle, key, refusedBy: new Set() }
    if ((this.queues.get(key)?.length ?? 0) === 0 && this.handOver(connection)) return
    if (this.queued >= this.options.mostQueued) return handle.close()
    this.queueOf(key).push(connection)
    this.queued++
  }

  private queueOf(key: string): Array<Connection> {
    const known = this.queues.get(key)
    if (known !== undefined) return known
    const queue: Array<Connection> = []
    this.queues.set(key, queue)
    return queue
  }

  private enqueueFirst(connection: Connection): void {
    if (this.isClosed) return connection.handle.close()
    this.queueOf(connection.key).unshift(connection)
    this.queued++
  }

  private pump(key: string, isUrgent = false): void {
    const queue = this.queues.get(key)
    if (queue === undefined) return
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (!this.handOver(next, isUrgent)) break
      queue.shift()
      this.queued--
    }
    if (queue.length === 0) this.queues.delete(key)
  }

  /** False when it has to wait: nobody is willing, or, where it is urgent, nobody there. */
  private handOver(connection: Connection, isUrgent = false): boolean {
    const listening: Array<Member> = []
    for (const member of this.members.values()) {
      if (member.isOpen && member.servers.has(connection.key)) listening.push(member)
    }
    const { refusedBy } = connection
    if (listening.length > 0 && listening.every(({ serial }) => refusedBy.has(serial))) {
      connection.handle.close()
      return true
    }
    const now = performance.now()
    const willing = listening.filter(
      ({ sentAt, serial, unacknowledged }) =>
        !refusedBy.has(serial) && (isUrgent || unacknowledged === 0 || now - sentAt < busyAfter),
    )
    const most = isUrgent ? Infinity : mostUnacknowledged
    const at = Scheduling.leastConnections(willing, most, this.turn++)
    const member = willing[at]
    const server = member?.servers.get(connection.key)
    if (member === undefined || server === undefined) return false
    const id = this.nextId++
    if (member.unacknowledged === 0) member.sentAt = now
    member.pending.set(id, connection)
    if (member.send(server, id, connection.handle)) {
      member.handed++
      return true
    }
    // It has no channel any more, and will end.
    member.pending.delete(id)
    member.isOpen = false
    return this.handOver(connection, isUrgent)
  }

  private closeIfUnused(key: string): void {
    for (const member of this.members.values()) if (member.servers.has(key)) return
    this.listeners.get(key)?.close()
    this.listeners.delete(key)
    for (const { handle } of this.queues.get(key) ?? []) {
      handle.close()
      this.queued--
    }
    this.queues.delete(key)
  }
}
