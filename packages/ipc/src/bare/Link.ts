/**
 * Two peers that exchange messages: named lines, credits, one close reason. Free of Effect and
 * synchronous; pools, the cluster's preload and Channels stand on it.
 *
 * - A **line** is a name under which messages travel; both sides number the names that they use.
 * - **Credits** bound what is under way: a side may have `window` bytes unconsumed at the other, and
 *   one message more. `send` tells when the window is full; who goes on sending then only fills its
 *   own heap. What nobody listens to yet is kept, and not consumed.
 * - **Answers** travel on lines whose names end in `<`, and have a window of their own: see `SendWindow`.
 * - A link **ends** once, with a reason: the peer's end, ours, or a peer that breaks these rules.
 *
 * It starts nothing. It stops with `close`, which lets what was sent leave first.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import type { CloseReason } from "./CloseReason.ts"
import { Measure } from "./Measure.ts"
import { Outbox, type Owner } from "./Outbox.ts"
import { ownCopies } from "./ownCopies.ts"
import { isAnswers, SendWindow } from "./SendWindow.ts"
import { mark, TooLarge, type Wire } from "./Wire.ts"

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
  /** Bytes that wait here, since the peer has no room for them. */
  readonly waiting: number
  /** Messages that could not be sent: not copyable, too large, or the link ended first. */
  readonly refused: number
  /** Messages that arrived where calls or answers should, and are neither. */
  readonly ignored: number
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
const kinds = { name: 0, credit: 1, serve: 2, goodbye: 3, window: 4, answersCredit: 5 }

/** A peer that uses more names, or longer ones, is not one of ours. */
const mostNames = 16_384
const longestName = 4096

/**
 * So many bytes may wait in this process for the transport. Less than a window: in a socket's queue
 * a small message takes ten times its bytes.
 */
const mostPending = 256 * 1024

interface Incoming {
  readonly name: string
  readonly isAnswers: boolean
  listener: Listener | undefined
  /** Body and weight of what came before anybody listened. */
  early: Array<readonly [body: unknown, weight: number]>
}

const checkBytes = (name: string, bytes: number | undefined): void => {
  if (bytes === undefined || (isCount(bytes) && bytes >= 1)) return
  throw new RangeError(`${name} must be a number of bytes, 1 at least: ${bytes}`)
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0

export class Link {
  readonly peer: string
  private readonly wire: Wire
  private readonly outbox: Outbox
  private readonly measure = new Measure()
  private readonly window: number
  /** The smaller one of both sides' windows. */
  private common: number
  private readonly messages = new SendWindow()
  private readonly answers = new SendWindow()
  /** The windows of the lines, by their numbers. */
  private readonly windows: Array<SendWindow | undefined> = []
  private readonly unreadWaiters = new Set<() => void>()
  private readonly maxMessageBytes: number
  private readonly lines = new Map<string, number>()
  private readonly incoming: Array<Incoming | undefined> = []
  private readonly byName = new Map<string, Incoming>()
  private readonly served = new Set<string>()
  private readonly servedWaiters = new Map<string, Set<() => void>>()
  private readonly closeListeners = new Set<(reason: CloseReason) => void>()
  private unconsumed = 0
  private owed = 0
  private owedForAnswers = 0
  private reason: CloseReason | undefined
  private readonly counts = {
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    refused: 0,
    ignored: 0,
  }

  /** Throws a `RangeError` for options that let nothing through. */
  constructor(wire: Wire, options: LinkOptions = {}) {
    checkBytes("window", options.window)
    checkBytes("maxMessageBytes", options.maxMessageBytes)
    this.wire = wire
    this.peer = wire.peer
    this.window = options.window ?? defaultWindow
    this.common = this.window
    this.maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    this.outbox = new Outbox(
      (batch, transfer, weight, isText, window) => {
        const bytes = wire.write(batch, transfer, isText)
        // A wire that counts bytes corrects our guess; the peer counts the same ones. What is only
        // about the link itself is free, or credits would be paid with credits for ever.
        // Many small messages weigh more than their bytes, in the socket's queue too: the larger counts.
        if (weight > 0 && window !== undefined) window.outstanding += Math.max(0, bytes - weight)
      },
      (weight, window) => {
        this.counts.refused++
        this.repay(window ?? this.messages, weight)
      },
    )
    wire.open({
      onBatch: (batch, bytes) => this.receive(batch, bytes),
      onClose: (reason) => this.end(reason),
      onDrain: () => {
        this.repay(this.answers, 0)
        this.repay(this.messages, 0)
      },
    })
    if (this.window !== defaultWindow) this.tell([kinds.window, this.window])
  }

  /** Why the link ended; undefined while it lives. */
  get closed(): CloseReason | undefined {
    return this.reason
  }

  /** Whether there is room for more; answers have room of their own. */
  get writable(): boolean {
    return this.isWritable(this.messages)
  }

  /** Whether there is room for more on a line. */
  hasRoomOn(line: number): boolean {
    return this.isWritable(this.windowOf(line))
  }

  /**
   * The peer does not read its answers: so many of them wait here that no more should be made. See
   * `Intake`.
   */
  get isUnread(): boolean {
    const { held } = this.answers
    return held > 0 && held >= Math.min(this.common, mostPending)
  }

  private windowOf(line: number): SendWindow {
    return this.windows[line] ?? this.messages
  }

  private isWritable(window: SendWindow): boolean {
    return !window.isWaiting && this.hasRoom(window)
  }

  /** A peer that grants credit and reads nothing must not fill our memory either. */
  private hasRoom(window: SendWindow): boolean {
    return (
      window.outstanding < this.common &&
      (this.wire.pending?.() ?? 0) < Math.min(this.common, mostPending)
    )
  }

  get stats(): LinkStats {
    const outstanding = this.messages.outstanding + this.answers.outstanding
    return { ...this.counts, outstanding, waiting: this.messages.held + this.answers.held }
  }

  /** The number under which messages of `name` are sent. */
  line(name: string): number {
    let line = this.lines.get(name)
    if (line === undefined) {
      line = this.lines.size + 1
      this.lines.set(name, line)
      if (isAnswers(name)) this.windows[line] = this.answers
      this.tell([kinds.name, line, name])
    }
    return line
  }

  /**
   * Send one message; true while there is room for more on its line. `owner` is told when it could not be sent.
   * After the end of the link nothing is sent, and the owner is told at once.
   */
  send(
    line: number,
    body: unknown,
    transfer?: ReadonlyArray<Transferable>,
    owner?: Owner,
  ): boolean {
    return this.sendAs(false, line, body, transfer, owner)
  }

  /** The same for a list that was made for this message alone, and holds nothing but its elements. */
  sendParts(
    line: number,
    parts: ReadonlyArray<unknown>,
    transfer?: ReadonlyArray<Transferable>,
    owner?: Owner,
  ): boolean {
    return this.sendAs(true, line, parts, transfer, owner)
  }

  private isEnded(owner: Owner | undefined): boolean {
    if (this.reason === undefined) return false
    this.counts.refused++
    owner?.refused(this.reason)
    return true
  }

  private sendAs(
    isParts: boolean,
    line: number,
    body: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    owner: Owner | undefined,
  ): boolean {
    if (this.isEnded(owner)) return false
    const window = this.windowOf(line)
    this.look(body, isParts)
    const { size } = this.measure
    if (size > this.maxMessageBytes) {
      this.counts.refused++
      owner?.refused(new TooLarge(size, this.maxMessageBytes))
      return this.isWritable(window)
    }
    if (this.measure.native !== undefined && !this.wire.copiesNatives) {
      this.counts.refused++
      owner?.refused(new TypeError(`a ${this.measure.native} cannot be copied to another process`))
      return this.isWritable(window)
    }
    const weight = size + overhead
    if (this.isWritable(window)) this.post(isParts, line, body, weight, transfer, owner)
    else window.hold({ line, body, weight, transfer, owner })
    return this.isWritable(window)
  }

  private look(body: unknown, isParts: boolean): void {
    if (this.outbox.isEmpty && this.outbox.objects.size > 0) this.outbox.objects = new Set()
    if (isParts && Array.isArray(body)) this.measure.ofParts(body, this.outbox.objects)
    else this.measure.of(body, this.outbox.objects)
  }

  /** Hand over a message that was just looked at. */
  private post(
    isParts: boolean,
    line: number,
    body: unknown,
    weight: number,
    transfer: ReadonlyArray<Transferable> | undefined,
    owner: Owner | undefined,
  ): void {
    const { measure, outbox } = this
    const window = this.windowOf(line)
    window.outstanding += weight
    this.counts.sent++
    this.counts.bytesSent += weight - overhead
    // A batch with the same object, or of the other window: the message begins a new one. Whoever is told
    // of the flush may send, and measure, something else.
    while (!outbox.isEmpty && (measure.isShared || !measure.isWhole || outbox.isOther(window))) {
      outbox.flush()
      this.look(body, isParts)
    }
    outbox.window = window
    const isWhole = measure.isWhole
    if (measure.isLarge && isWhole && !measure.isShared && this.wire.moves === true) {
      const copies = ownCopies(body, transfer)
      outbox.add(line, copies.body, weight, copies.transfer, owner, false)
    } else outbox.add(line, body, weight, transfer, owner, measure.isText, !isWhole)
  }

  /**
   * Call back once when there is room again, or the link has ended. Answers how to cancel. `line`: on
   * this line.
   */
  onceWritable(callback: () => void, line = control): () => void {
    const window = this.windowOf(line)
    return this.once(this.isWritable(window), window.waiters, callback)
  }

  /** Call back once when `isUnread` no longer holds, or the link has ended. Answers how to cancel. */
  onceRead(callback: () => void): () => void {
    return this.once(!this.isUnread, this.unreadWaiters, callback)
  }

  private once(isNow: boolean, waiters: Set<() => void>, callback: () => void): () => void {
    if (isNow || this.reason !== undefined) {
      callback()
      return () => {}
    }
    waiters.add(callback)
    return () => waiters.delete(callback)
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

  /** Give back a part of the window that a listener had kept. `name`: of its line, where it is one of answers. */
  consume(weight: number, name?: string): void {
    this.release(weight, name !== undefined && isAnswers(name))
  }

  private release(weight: number, isAnswer: boolean): void {
    this.unconsumed -= weight
    const owed = weight + (isAnswer ? this.owedForAnswers : this.owed)
    const isTold = owed >= this.common / 4
    if (isTold) this.tell([isAnswer ? kinds.answersCredit : kinds.credit, owed])
    if (isAnswer) this.owedForAnswers = isTold ? 0 : owed
    else this.owed = isTold ? 0 : owed
  }

  /** Count a message that a listener could not make sense of. */
  ignore(): void {
    this.counts.ignored++
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
    const isServed = this.served.has(name)
    const waiters = this.servedWaiters.get(name) ?? new Set()
    if (!isServed && this.reason === undefined) this.servedWaiters.set(name, waiters)
    return this.once(isServed, waiters, callback)
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

  /** Let what was sent leave now, not at the next microtask: for code that will not return soon. */
  flush(): void {
    this.outbox.flush()
  }

  /** Say goodbye, let what was sent leave, and end with `ChannelClosed`. */
  close(): void {
    if (this.reason !== undefined) return
    // What the peer has room for leaves, also when this process has to hold it for a while.
    for (const window of [this.answers, this.messages]) {
      this.postWaiting(window, () => window.outstanding < this.common)
    }
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
    const windows = [this.answers, this.messages]
    for (const { owner } of windows.flatMap((window) => window.clear())) {
      this.counts.refused++
      owner?.refused(reason)
    }
    this.wire.close(reason._tag === "ProtocolViolation")
    for (const { waiters } of windows) this.wake(waiters)
    this.wake(this.unreadWaiters)
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

  private repay(window: SendWindow, weight: number): void {
    window.repay(weight)
    this.postWaiting(window, () => this.hasRoom(window))
    if (window.waiters.size > 0 && this.isWritable(window)) this.wake(window.waiters)
    if (this.unreadWaiters.size > 0 && !this.isUnread) this.wake(this.unreadWaiters)
  }

  private postWaiting(window: SendWindow, hasRoom: () => boolean): void {
    while (hasRoom()) {
      const next = window.next()
      if (next === undefined) return
      // It may have changed, and others were looked at meanwhile.
      this.look(next.body, false)
      this.post(false, next.line, next.body, next.weight, next.transfer, next.owner)
    }
  }

  private incomingOf(name: string): Incoming {
    let incoming = this.byName.get(name)
    if (incoming === undefined) {
      incoming = { name, isAnswers: isAnswers(name), listener: undefined, early: [] }
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
    // Who asks keeps the other side busy with a quarter of its questions; who answers, answers as asked.
    const unanswered = this.counts.sent - this.counts.received
    this.outbox.prefer(unanswered > 0 ? unanswered >> 2 : count)
    let data = 0
    for (let i = 2; i < batch.length; i += 2) if (batch[i] !== control) data++
    this.counts.bytesReceived += bytes > 0 ? bytes : Math.max(0, weight - overhead * data)
    // No message weighs less than this, whatever its sender says.
    const total = data > 0 ? Math.max(bytes, weight, overhead * data) : 0
    this.unconsumed += total
    if (this.unconsumed > 2 * Math.max(this.window, defaultWindow) + this.maxMessageBytes) {
      return this.violate("more messages than the window has room for")
    }
    const share = total / Math.max(data, 1)
    for (let i = 2; i < batch.length && this.reason === undefined; i += 2) {
      const line: unknown = batch[i]
      if (line === control) this.onControl(batch[i + 1])
      else this.onMessage(line, batch[i + 1], share)
    }
  }

  private onMessage(line: unknown, body: unknown, weight: number): void {
    const incoming = typeof line === "number" ? this.incoming[line] : undefined
    if (incoming === undefined) return this.violate("a message on a line without a name")
    if (incoming.listener === undefined) incoming.early.push([body, weight])
    else this.deliver(incoming, body, weight)
  }

  private deliver(incoming: Incoming, body: unknown, weight: number): void {
    try {
      if (incoming.listener?.(body, weight) === false) return
    } catch (error) {
      // A bug of the listener, shown as any other uncaught error; the link goes on.
      queueMicrotask(() => {
        throw error
      })
    }
    this.release(weight, incoming.isAnswers)
  }

  private onControl(body: unknown): void {
    if (!Array.isArray(body)) return this.violate("a malformed control message")
    const [kind, first, second]: ReadonlyArray<unknown> = body
    if (kind === kinds.name && isCount(first) && typeof second === "string") {
      if (first !== Math.max(1, this.incoming.length)) return this.violate("a line out of turn")
      if (first > mostNames || second.length > longestName) return this.violate("too many names")
      this.incoming[first] = this.incomingOf(second)
    } else if ((kind === kinds.credit || kind === kinds.answersCredit) && isCount(first)) {
      const window = kind === kinds.credit ? this.messages : this.answers
      if (first > window.outstanding + 1) return this.violate("a credit for what was not sent")
      this.repay(window, first)
    } else if (kind === kinds.window && isCount(first)) {
      this.common = Math.min(this.window, first)
    } else if (kind === kinds.serve && typeof first === "string") {
      this.served.add(first)
      if (this.served.size > mostNames || first.length > longestName) {
        return this.violate("too many names")
      }
      const waiters = this.servedWaiters.get(first)
      this.servedWaiters.delete(first)
      if (waiters !== undefined) this.wake(waiters)
    } else if (kind === kinds.goodbye) this.end({ _tag: "PeerDisconnected" })
    else this.violate("an unknown control message")
  }
}
