/**
 * Two peers that exchange messages: named lines, credits, one close reason. Free of Effect and
 * synchronous; pools, the cluster's preload and Channels stand on it.
 *
 * - A **line** is a name under which messages travel; both sides number the names that they use.
 * - **Credits** bound what is under way: a side may have `window` bytes unconsumed at the other, and
 *   one message more. `send` tells when the window is full; who goes on sending then only fills its
 *   own heap. What nobody listens to yet is kept, and not consumed.
 * - A link **ends** once, with a reason: the peer's end, ours, or a peer that breaks these rules.
 *
 * It starts nothing. It stops with `close`, which lets what was sent leave first.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import type { CloseReason } from "./CloseReason.ts"
import { mark, Outbox, type Owner } from "./Outbox.ts"
import { sizeOf } from "./sizeOf.ts"
import { TooLarge, type Wire } from "./Wire.ts"

export interface LinkOptions {
  /** Bytes that may be under way or unconsumed. Default 4 MiB. */
  readonly window?: number
  /** No message may take more bytes. Default 64 MiB. */
  readonly maxMessageBytes?: number
}

/** What a link has carried so far. Bytes are exact on pipes and a good guess elsewhere. */
export interface LinkStats {
  readonly sent: number
  readonly received: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Bytes sent and not yet consumed by the peer. */
  readonly outstanding: number
  /** Messages that could not be sent: not copyable, too large, or the link ended first. */
  readonly refused: number
}

/**
 * What listens to a line. `weight` is the message's share of the window: a listener that keeps
 * messages answers `false` and calls `consume(weight)` later, any other answer has consumed it.
 */
export type Listener = (body: unknown, weight: number) => boolean | void

const defaultWindow = 4 * 1024 * 1024
export const defaultMaxMessageBytes = 64 * 1024 * 1024

/** What a message weighs besides its content. */
const overhead = 64

/** The line of the link itself. Its bodies: a kind, then what belongs to it. */
const control = 0
const kinds = { name: 0, credit: 1, serve: 2, goodbye: 3 }

interface Incoming {
  readonly name: string
  listener: Listener | undefined
  /** Body and weight of what came before anybody listened. */
  early: Array<readonly [body: unknown, weight: number]>
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0

export class Link {
  readonly peer: string
  private readonly wire: Wire
  private readonly outbox: Outbox
  private readonly window: number
  private readonly maxMessageBytes: number
  private readonly lines = new Map<string, number>()
  private readonly incoming: Array<Incoming | undefined> = []
  private readonly byName = new Map<string, Incoming>()
  private readonly served = new Set<string>()
  private readonly waiters = new Set<() => void>()
  private readonly servedWaiters = new Map<string, Set<() => void>>()
  private readonly closeListeners = new Set<(reason: CloseReason) => void>()
  private outstanding = 0
  private unconsumed = 0
  private owed = 0
  private reason: CloseReason | undefined
  private readonly counts = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, refused: 0 }

  constructor(wire: Wire, options: LinkOptions = {}) {
    this.wire = wire
    this.peer = wire.peer
    this.window = options.window ?? defaultWindow
    this.maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    this.outbox = new Outbox(
      (batch, transfer, weight) => {
        const bytes = wire.write(batch, transfer)
        // A wire that counts bytes corrects our guess; the peer counts the same ones.
        if (bytes > 0) this.outstanding += bytes - weight
      },
      (weight) => {
        this.counts.refused++
        this.repay(weight)
      },
    )
    wire.open({
      onBatch: (batch, bytes) => this.receive(batch, bytes),
      onClose: (reason) => this.end(reason),
    })
  }

  /** Why the link ended; undefined while it lives. */
  get closed(): CloseReason | undefined {
    return this.reason
  }

  /** Whether the window has room. */
  get writable(): boolean {
    return this.outstanding < this.window
  }

  get stats(): LinkStats {
    return { ...this.counts, outstanding: this.outstanding }
  }

  /** The number under which messages of `name` are sent. */
  line(name: string): number {
    let line = this.lines.get(name)
    if (line === undefined) {
      line = this.lines.size + 1
      this.lines.set(name, line)
      this.tell([kinds.name, line, name])
    }
    return line
  }

  /**
   * Send one message; true while there is room for more. `owner` is told when it could not be sent.
   * After the end of the link nothing is sent, and the owner is told at once.
   */
  send(
    line: number,
    body: unknown,
    transfer?: ReadonlyArray<Transferable>,
    owner?: Owner,
  ): boolean {
    if (this.reason !== undefined) {
      this.counts.refused++
      owner?.refused(this.reason)
      return false
    }
    const weight = sizeOf(body) + overhead
    if (weight > this.maxMessageBytes + overhead) {
      this.counts.refused++
      owner?.refused(new TooLarge(weight - overhead, this.maxMessageBytes))
      return this.writable
    }
    this.outstanding += weight
    this.counts.sent++
    this.counts.bytesSent += weight - overhead
    this.outbox.add(line, body, weight, transfer, owner)
    return this.outstanding < this.window
  }

  /** Call back once when the window has room again, or the link has ended. Answers how to cancel. */
  onceWritable(callback: () => void): () => void {
    if (this.writable || this.reason !== undefined) {
      callback()
      return () => {}
    }
    this.waiters.add(callback)
    return () => this.waiters.delete(callback)
  }

  /** Listen to a line. What came before is handed over at once. One listener for each name. */
  listen(name: string, listener: Listener): () => void {
    const incoming = this.incomingOf(name)
    if (incoming.listener !== undefined) throw new Error(`the line ${name} has a listener already`)
    incoming.listener = listener
    const { early } = incoming
    incoming.early = []
    for (const [body, weight] of early) this.deliver(incoming, body, weight)
    return () => {
      if (incoming.listener === listener) incoming.listener = undefined
    }
  }

  /** Give back a part of the window that a listener had kept. */
  consume(weight: number): void {
    this.unconsumed -= weight
    this.owed += weight
    if (this.owed >= this.window / 4) {
      this.tell([kinds.credit, this.owed])
      this.owed = 0
    }
  }

  /** Tell the peer that calls of this name are answered from now on. */
  serve(name: string): void {
    this.tell([kinds.serve, name])
  }

  isServed(name: string): boolean {
    return this.served.has(name)
  }

  /** Call back once when the peer serves this name, or the link has ended. Answers how to cancel. */
  onceServed(name: string, callback: () => void): () => void {
    if (this.served.has(name) || this.reason !== undefined) {
      callback()
      return () => {}
    }
    const waiters = this.servedWaiters.get(name) ?? new Set()
    this.servedWaiters.set(name, waiters.add(callback))
    return () => waiters.delete(callback)
  }

  /** Call back once when the link ends, at once when it has. Answers how to cancel. */
  onceClosed(callback: (reason: CloseReason) => void): () => void {
    if (this.reason !== undefined) {
      callback(this.reason)
      return () => {}
    }
    this.closeListeners.add(callback)
    return () => this.closeListeners.delete(callback)
  }

  setRef(ref: boolean): void {
    this.wire.setRef(ref)
  }

  /** Say goodbye, let what was sent leave, and end with `ChannelClosed`. */
  close(): void {
    if (this.reason !== undefined) return
    this.tell([kinds.goodbye])
    this.outbox.flush()
    this.end({ _tag: "ChannelClosed" })
  }

  private tell(body: ReadonlyArray<unknown>): void {
    if (this.reason === undefined) this.outbox.add(control, body, 0, undefined, undefined)
  }

  private end(reason: CloseReason): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.outbox.discard(reason)
    this.wire.close()
    this.wake(this.waiters)
    for (const waiters of this.servedWaiters.values()) this.wake(waiters)
    this.servedWaiters.clear()
    const listeners = [...this.closeListeners]
    this.closeListeners.clear()
    for (const listener of listeners) listener(reason)
  }

  private violate(detail: string): void {
    this.end({ _tag: "ProtocolViolation", detail })
  }

  private wake(waiters: Set<() => void>): void {
    const callbacks = [...waiters]
    waiters.clear()
    for (const callback of callbacks) callback()
  }

  private repay(weight: number): void {
    this.outstanding = Math.max(0, this.outstanding - weight)
    if (this.waiters.size > 0 && this.outstanding < this.window) this.wake(this.waiters)
  }

  private incomingOf(name: string): Incoming {
    let incoming = this.byName.get(name)
    if (incoming === undefined) {
      incoming = { name, listener: undefined, early: [] }
      this.byName.set(name, incoming)
    }
    return incoming
  }

  private receive(batch: unknown, bytes: number): void {
    // What has no mark is somebody else's message.
    if (!Array.isArray(batch) || batch[0] !== mark || this.reason !== undefined) return
    const weight: unknown = batch[1]
    if (!isCount(weight) || batch.length % 2 !== 0) return this.violate("a malformed batch")
    const count = batch.length / 2 - 1
    this.counts.received += count
    this.counts.bytesReceived += bytes > 0 ? bytes : weight - overhead * count
    const total = bytes > 0 ? bytes : weight
    this.unconsumed += total
    if (this.unconsumed > 2 * this.window + this.maxMessageBytes) {
      return this.violate("more messages than the window has room for")
    }
    const share = total / Math.max(count, 1)
    for (let i = 2; i < batch.length && this.reason === undefined; i += 2) {
      const line: unknown = batch[i]
      if (line === control) {
        this.consume(share)
        this.onControl(batch[i + 1])
      } else this.onMessage(line, batch[i + 1], share)
    }
  }

  private onMessage(line: unknown, body: unknown, weight: number): void {
    const incoming = typeof line === "number" ? this.incoming[line] : undefined
    if (incoming === undefined) return this.violate("a message on a line without a name")
    if (incoming.listener === undefined) incoming.early.push([body, weight])
    else this.deliver(incoming, body, weight)
  }

  private deliver(incoming: Incoming, body: unknown, weight: number): void {
    if (incoming.listener?.(body, weight) !== false) this.consume(weight)
  }

  private onControl(body: unknown): void {
    if (!Array.isArray(body)) return this.violate("a malformed control message")
    const [kind, first, second]: ReadonlyArray<unknown> = body
    if (kind === kinds.name && isCount(first) && typeof second === "string") {
      if (first !== Math.max(1, this.incoming.length)) return this.violate("a line out of turn")
      this.incoming[first] = this.incomingOf(second)
    } else if (kind === kinds.credit && isCount(first)) this.repay(first)
    else if (kind === kinds.serve && typeof first === "string") {
      this.served.add(first)
      const waiters = this.servedWaiters.get(first)
      this.servedWaiters.delete(first)
      if (waiters !== undefined) this.wake(waiters)
    } else if (kind === kinds.goodbye) this.end({ _tag: "PeerDisconnected" })
    else this.violate("an unknown control message")
  }
}
