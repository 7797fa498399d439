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
import {
  type Control,
  controlLine,
  creditBody,
  goodbyeBody,
  isCount,
  readControl,
  serveBody,
  windowBody,
} from "./control.ts"
import { Lines, type Listener } from "./Lines.ts"
import type { Owner } from "./Outbox.ts"
import { overhead, Sending } from "./Sending.ts"
import { isAnswers } from "./SendWindow.ts"
import { Served } from "./Served.ts"
import { mark, type Wire } from "./Wire.ts"

export type { Listener } from "./Lines.ts"

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

const defaultWindow = 4 * 1024 * 1024
export const defaultMaxMessageBytes = 64 * 1024 * 1024

const checkBytes = (name: string, bytes: number | undefined): void => {
  if (bytes === undefined || (isCount(bytes) && bytes >= 1)) return
  throw new RangeError(`${name} must be a number of bytes, 1 at least: ${bytes}`)
}

export class Link {
  readonly peer: string
  private readonly wire: Wire
  private readonly window: number
  private readonly maxMessageBytes: number
  private readonly sending: Sending
  private readonly lines = new Lines((weight, areAnswers) => this.release(weight, areAnswers))
  private readonly served = new Served()
  private readonly closeListeners = new Set<(reason: CloseReason) => void>()
  private unconsumed = 0
  private owed = 0
  private owedForAnswers = 0
  private reason: CloseReason | undefined
  private readonly counts = { received: 0, bytesReceived: 0, ignored: 0 }

  /** Throws a `RangeError` for options that let nothing through. */
  constructor(wire: Wire, options: LinkOptions = {}) {
    checkBytes("window", options.window)
    checkBytes("maxMessageBytes", options.maxMessageBytes)
    this.wire = wire
    this.peer = wire.peer
    this.window = options.window ?? defaultWindow
    this.maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    this.sending = new Sending(wire, this.window, this.maxMessageBytes)
    wire.open({
      onBatch: (batch, bytes) => this.receive(batch, bytes),
      onClose: (reason) => this.end(reason),
      onDrain: () => this.sending.drained(),
    })
    if (this.window !== defaultWindow) this.sending.tell(windowBody(this.window))
  }

  /** Why the link ended; undefined while it lives. */
  get closed(): CloseReason | undefined {
    return this.reason
  }

  /** Whether there is room for more; answers have room of their own. */
  get writable(): boolean {
    return this.hasRoomOn(controlLine)
  }

  /** Whether there is room for more on a line. */
  hasRoomOn(line: number): boolean {
    return this.sending.isWritable(this.sending.windowOf(line))
  }

  /**
   * The peer does not read its answers: so many of them wait here that no more should be made. See
   * `Intake`.
   */
  get isUnread(): boolean {
    return this.sending.isUnread
  }

  get stats(): LinkStats {
    const { answers, counts, messages } = this.sending
    return {
      ...counts,
      ...this.counts,
      outstanding: messages.outstanding + answers.outstanding,
      waiting: messages.held + answers.held,
    }
  }

  /** The number under which messages of `name` are sent. */
  line(name: string): number {
    return this.sending.line(name)
  }

  /**
   * Send one message; true while there is room for more on its line. `owner` is told when it could not be
   * sent. After the end of the link nothing is sent, and the owner is told at once.
   */
  send(
    line: number,
    body: unknown,
    transfer?: ReadonlyArray<Transferable>,
    owner?: Owner,
  ): boolean {
    if (this.reason !== undefined) return this.refuse(owner)
    return this.sending.send(false, line, body, transfer, owner)
  }

  /** The same for a list that was made for this message alone, and holds nothing but its elements. */
  sendParts(
    line: number,
    parts: ReadonlyArray<unknown>,
    transfer?: ReadonlyArray<Transferable>,
    owner?: Owner,
  ): boolean {
    if (this.reason !== undefined) return this.refuse(owner)
    return this.sending.send(true, line, parts, transfer, owner)
  }

  private refuse(owner: Owner | undefined): boolean {
    this.sending.refuse(owner, this.reason)
    return false
  }

  /**
   * Call back once when there is room again, or the link has ended. Answers how to cancel. `line`: on
   * this line.
   */
  onceWritable(callback: () => void, line = controlLine): () => void {
    const window = this.sending.windowOf(line)
    if (this.sending.isWritable(window) || this.reason !== undefined) return atOnce(callback)
    return window.waiters.add(callback)
  }

  /** Call back once when `isUnread` no longer holds, or the link has ended. Answers how to cancel. */
  onceRead(callback: () => void): () => void {
    if (!this.isUnread || this.reason !== undefined) return atOnce(callback)
    return this.sending.onceRead(callback)
  }

  /** Listen to a line. What came before is handed over at once. One listener for each name. */
  listen(name: string, listener: Listener): () => void {
    return this.lines.listen(name, listener)
  }

  /**
   * Give back a part of the window that a listener had kept. `name`: of its line, where it is one of
   * answers.
   */
  consume(weight: number, name?: string): void {
    this.release(weight, name !== undefined && isAnswers(name))
  }

  /** Count a message that a listener could not make sense of. */
  ignore(): void {
    this.counts.ignored++
  }

  /** Tell the peer that calls of this name are answered from now on. */
  serve(name: string): void {
    this.sending.tell(serveBody(name))
  }

  isServed(name: string): boolean {
    return this.served.has(name)
  }

  /** Call back once when the peer serves this name, or the link has ended. Answers how to cancel. */
  onceServed(name: string, callback: () => void): () => void {
    if (this.served.has(name) || this.reason !== undefined) return atOnce(callback)
    return this.served.once(name, callback)
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
    this.sending.flush()
  }

  /** Say goodbye, let what was sent leave, and end with `ChannelClosed`. */
  close(): void {
    if (this.reason !== undefined) return
    this.sending.finish(goodbyeBody)
    this.end({ _tag: "ChannelClosed" })
  }

  private end(reason: CloseReason): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.sending.discard(reason)
    this.wire.close(reason._tag === "ProtocolViolation")
    this.sending.wakeAll()
    this.served.wakeAll()
    const listeners = [...this.closeListeners]
    this.closeListeners.clear()
    for (const listener of listeners) listener(reason)
  }

  private violate(detail: string): void {
    this.end({ _tag: "ProtocolViolation", detail })
  }

  private receive(batch: unknown, bytes: number): void {
    // What has no mark is somebody else's message.
    if (!Array.isArray(batch) || batch[0] !== mark || this.reason !== undefined) return
    const weight: unknown = batch[1]
    if (!isCount(weight) || batch.length % 2 !== 0) return this.violate("a malformed batch")
    const count = batch.length / 2 - 1
    this.counts.received += count
    // Who asks keeps the other side busy with a quarter of its questions; who answers, answers as asked.
    const unanswered = this.sending.counts.sent - this.counts.received
    this.sending.prefer(unanswered > 0 ? unanswered >> 2 : count)
    let data = 0
    for (let i = 2; i < batch.length; i += 2) if (batch[i] !== controlLine) data++
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
      if (line === controlLine) this.onControl(readControl(batch[i + 1]))
      else if (!this.lines.hear(line, batch[i + 1], share)) {
        this.violate("a message on a line without a name")
      }
    }
  }

  private onControl(control: Control | string): void {
    const wrong = typeof control === "string" ? control : this.obey(control)
    if (wrong !== undefined) this.violate(wrong)
  }

  /** Do what the peer says; a sentence when it may not say so. */
  private obey(control: Control): string | undefined {
    switch (control.kind) {
      case "name":
        return this.lines.name(control.line, control.name)
      case "credit":
        return this.sending.credit(control.bytes, control.areAnswers)
      case "window":
        this.sending.common = Math.min(this.window, control.bytes)
        return undefined
      case "serve":
        return this.served.add(control.name)
      case "goodbye":
        this.end({ _tag: "PeerDisconnected" })
        return undefined
    }
  }

  private release(weight: number, areAnswers: boolean): void {
    this.unconsumed -= weight
    const owed = weight + (areAnswers ? this.owedForAnswers : this.owed)
    const isTold = owed >= this.sending.common / 4
    if (isTold) this.sending.tell(creditBody(owed, areAnswers))
    if (areAnswers) this.owedForAnswers = isTold ? 0 : owed
    else this.owed = isTold ? 0 : owed
  }
}

/** Nothing to cancel any more. */
const atOnce = (callback: () => void): (() => void) => {
  callback()
  return () => {}
}
