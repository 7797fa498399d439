/**
 * The half of a link that sends: it looks at each message, keeps the two windows (`SendWindow`), holds
 * what has no room yet, and hands the rest to the wire in batches (`Outbox`).
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import { nameBody, controlLine } from "./control.ts"
import { Measure } from "./Measure.ts"
import { Outbox, type Owner } from "./Outbox.ts"
import { ownCopies } from "./ownCopies.ts"
import { isAnswers, SendWindow } from "./SendWindow.ts"
import { Waiters } from "./Waiters.ts"
import { TooLarge, type Wire } from "./Wire.ts"

/** What a message weighs besides its content. */
export const overhead = 64

/**
 * So many bytes may wait in this process for the transport. Less than a window: in a socket's queue
 * a small message takes ten times its bytes.
 */
const mostPending = 256 * 1024

export class Sending {
  /** What either window holds: the smaller one of both sides'. */
  common: number
  readonly counts = { sent: 0, bytesSent: 0, refused: 0 }
  readonly messages = new SendWindow()
  readonly answers = new SendWindow()
  private readonly wire: Wire
  private readonly outbox: Outbox
  private readonly measure = new Measure()
  private readonly maxMessageBytes: number
  private readonly lines = new Map<string, number>()
  /** The windows of the lines, by their numbers. */
  private readonly windows: Array<SendWindow | undefined> = []
  private readonly unreadWaiters = new Waiters()
  private isOver = false

  constructor(wire: Wire, window: number, maxMessageBytes: number) {
    this.wire = wire
    this.common = window
    this.maxMessageBytes = maxMessageBytes
    this.outbox = new Outbox(
      (batch, transfer, weight, isText, window) => {
        const bytes = wire.write(batch, transfer, isText)
        // A wire that counts bytes corrects our guess; the peer counts the same ones.
        // Many small messages weigh more than their bytes, in the socket's queue too: the larger counts.
        if (weight > 0 && window !== undefined) window.outstanding += Math.max(0, bytes - weight)
      },
      (weight, window) => {
        this.counts.refused++
        this.repay(window ?? this.messages, weight)
      },
    )
  }

  windowOf(line: number): SendWindow {
    return this.windows[line] ?? this.messages
  }

  isWritable(window: SendWindow): boolean {
    return !window.isWaiting && this.hasRoom(window)
  }

  get isUnread(): boolean {
    const { held } = this.answers
    return held > 0 && held >= Math.min(this.common, mostPending)
  }

  /** A peer that grants credit and reads nothing must not fill our memory either. */
  private hasRoom(window: SendWindow): boolean {
    return (
      window.outstanding < this.common &&
      (this.wire.pending?.() ?? 0) < Math.min(this.common, mostPending)
    )
  }

  /** The number of a name. */
  line(name: string): number {
    let line = this.lines.get(name)
    if (line === undefined) {
      line = this.lines.size + 1
      this.lines.set(name, line)
      if (isAnswers(name)) this.windows[line] = this.answers
      this.tell(nameBody(line, name))
    }
    return line
  }

  /** Say something about the link itself. */
  tell(body: ReadonlyArray<unknown>): void {
    if (!this.isOver) this.outbox.add(controlLine, body, 0, undefined, undefined)
  }

  /** So many messages at once suit the peer. */
  prefer(count: number): void {
    this.outbox.prefer(count)
  }

  flush(): void {
    this.outbox.flush()
  }

  /** `isParts`: a list that was made for this message alone, and holds nothing but its elements. */
  send(
    isParts: boolean,
    line: number,
    body: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    owner: Owner | undefined,
  ): boolean {
    const window = this.windowOf(line)
    this.look(body, isParts)
    const { native, size } = this.measure
    if (size > this.maxMessageBytes) {
      this.refuse(owner, new TooLarge(size, this.maxMessageBytes))
      return this.isWritable(window)
    }
    if (native !== undefined && !this.wire.copiesNatives) {
      this.refuse(owner, new TypeError(`a ${native} cannot be copied to another process`))
      return this.isWritable(window)
    }
    const weight = size + overhead
    if (this.isWritable(window)) this.post(isParts, line, body, weight, transfer, owner)
    else window.hold({ line, body, weight, transfer, owner })
    return this.isWritable(window)
  }

  refuse(owner: Owner | undefined, error: unknown): void {
    this.counts.refused++
    owner?.refused(error)
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

  /** The peer has consumed so much; a sentence when it has not got as much. */
  credit(bytes: number, areAnswers: boolean): string | undefined {
    const window = areAnswers ? this.answers : this.messages
    if (bytes > window.outstanding + 1) return "a credit for what was not sent"
    this.repay(window, bytes)
    return undefined
  }

  /** The transport has room again. */
  drained(): void {
    this.repay(this.answers, 0)
    this.repay(this.messages, 0)
  }

  private repay(window: SendWindow, weight: number): void {
    window.repay(weight)
    this.postWaiting(window, () => this.hasRoom(window))
    if (!window.waiters.isEmpty && this.isWritable(window)) window.waiters.wake()
    if (!this.unreadWaiters.isEmpty && !this.isUnread) this.unreadWaiters.wake()
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

  /** Call back once when `isUnread` no longer holds. Answers how to cancel. */
  onceRead(callback: () => void): () => void {
    return this.unreadWaiters.add(callback)
  }

  /** What the peer has room for leaves, also when this process has to hold it for a while; then `last`. */
  finish(last: ReadonlyArray<unknown>): void {
    for (const window of [this.answers, this.messages]) {
      this.postWaiting(window, () => window.outstanding < this.common)
    }
    this.tell(last)
    this.outbox.flush()
  }

  /** Nothing leaves any more: tell whoever still waits for that. */
  discard(reason: unknown): void {
    this.isOver = true
    this.outbox.discard(reason)
    for (const window of [this.answers, this.messages]) {
      for (const { owner } of window.clear()) this.refuse(owner, reason)
    }
  }

  /** Those who wait for room need not any more. */
  wakeAll(): void {
    for (const { waiters } of [this.answers, this.messages]) waiters.wake()
    this.unreadWaiters.wake()
  }
}
