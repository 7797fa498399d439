/**
 * Collects the messages of one synchronous run and hands them over as one batch: at the next
 * microtask, or earlier when they weigh enough. One post for several messages is what
 * makes a link fast.
 *
 * In one batch the same object would arrive as one, shared by the messages that hold it: whoever
 * adds a message flushes first where that may be.
 *
 * A message is copied when its batch leaves, not when it is added: do not change it in the same
 * synchronous run.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import type { SendWindow } from "./SendWindow.ts"
import { type Batch, mark } from "./Wire.ts"

/** Who is told when a message could not be sent after all. */
export interface Owner {
  readonly refused: (error: unknown) => void
  /** Its batch was handed to the transport. */
  readonly sent?: () => void
}

/** Hands over one batch that weighs so much, or throws and hands over nothing. */
export type Post = (
  batch: Batch,
  transfer: ReadonlyArray<Transferable> | undefined,
  weight: number,
  isText: boolean,
  window: SendWindow | undefined,
) => void

/** Flushes at the microtask; `queueMicrotask` would cost a resource for async hooks each time. */
const soon = Promise.resolve()

/** A batch leaves early when it weighs so many bytes, */
const maxWeight = 256 * 1024

/** or holds so many messages: the peer begins with them while we go on. */
const fewest = 32

/** Each further batch of one synchronous run may hold twice as many, up to so many. */
const most = 256

type Transfers = Array<ReadonlyArray<Transferable> | undefined>

/** A batch that could not be handed over. */
interface Whole {
  readonly items: Batch
  readonly owners: ReadonlyArray<Owner | undefined>
  readonly transfers: Transfers | undefined
  readonly weight: number
  readonly window: SendWindow | undefined
}

/** An owner that throws has a bug; the others are told all the same. */
const tellAll = (told: ReadonlyArray<() => void>): void => {
  for (const [i, tell] of told.entries()) {
    try {
      tell()
    } catch (error) {
      tellAll(told.slice(i + 1))
      throw error
    }
  }
}

export class Outbox {
  private items: Array<unknown> = [mark, 0]
  private owners: Array<Owner | undefined> = []
  /** What each message transfers; undefined while none does. */
  private transfers: Transfers | undefined
  private weight = 0
  private isText = true
  /** The objects of the batch: who measures a message for it adds those inside. */
  objects = new Set<object>()
  /** Whose messages the batch holds, if it holds any: those of one window leave in one batch. */
  window: SendWindow | undefined = undefined
  private firstCount = fewest
  private maxCount = fewest
  private isScheduled = false
  private readonly post: Post
  /** A message was refused: its weight will not arrive. */
  private readonly onRefused: (weight: number, window: SendWindow | undefined) => void

  constructor(post: Post, onRefused: (weight: number, window: SendWindow | undefined) => void) {
    this.post = post
    this.onRefused = onRefused
  }

  /** So many messages at once suit the peer; up to twice the fewest make no difference to it. */
  prefer(count: number): void {
    this.firstCount = count > 2 * fewest ? Math.min(most, count) : fewest
    if (this.isEmpty) this.maxCount = this.firstCount
  }

  get isEmpty(): boolean {
    return this.owners.length === 0
  }

  /** Whether the batch holds messages of another window. */
  isOther(window: SendWindow): boolean {
    return this.window !== undefined && this.window !== window
  }

  /**
   * Add a message. `isText`: JSON would carry it unchanged. `isAlone`: it leaves in this batch, and
   * nothing after it.
   */
  add(
    line: number,
    body: unknown,
    weight: number,
    transfer: ReadonlyArray<Transferable> | undefined,
    owner: Owner | undefined,
    isText = line === 0,
    isAlone = false,
  ): void {
    this.isText &&= isText
    this.items.push(line, body)
    this.owners.push(owner)
    this.weight += weight
    if (transfer !== undefined && transfer.length > 0) {
      this.transfers ??= []
      this.transfers[this.owners.length - 1] = transfer
    }
    if (this.owners.length >= this.maxCount) {
      this.maxCount = Math.min(most, 2 * this.maxCount)
      this.flush()
    } else if (this.weight >= maxWeight || isAlone) this.flush()
    else if (!this.isScheduled) {
      this.isScheduled = true
      void soon.then(this.onMicrotask)
    }
  }

  private readonly onMicrotask = (): void => {
    this.isScheduled = false
    this.maxCount = this.firstCount
    this.flush()
  }

  flush(): void {
    const { isText, items, owners, transfers, weight, window } = this
    if (owners.length === 0) return
    this.clear()
    items[1] = weight
    const merged = transfers?.flatMap((one) => one ?? [])
    // The owners are told only when all has left: what they send next comes after it.
    try {
      this.post(items, merged, weight, isText && merged === undefined, window)
    } catch (error) {
      if (owners.length === 1) this.refuse(owners[0], weight, window, error)
      else tellAll(this.postOneByOne({ items, owners, transfers, weight, window }))
      return
    }
    for (const owner of owners) owner?.sent?.()
  }

  private clear(): void {
    this.items = [mark, 0]
    this.owners = []
    this.transfers = undefined
    this.weight = 0
    this.isText = true
    this.window = undefined
    if (this.objects.size > 0) this.objects = new Set()
  }

  /** One of them cannot be sent: find out which, and send the others. */
  private postOneByOne({
    items,
    owners,
    transfers,
    weight: total,
    window,
  }: Whole): Array<() => void> {
    let data = 0
    for (let i = 2; i < items.length; i += 2) if (items[i] !== 0) data++
    return owners.map((owner, i) => {
      const weight = items[2 + 2 * i] === 0 ? 0 : total / data
      try {
        const batch = [mark, weight, items[2 + 2 * i], items[3 + 2 * i]]
        this.post(batch, transfers?.[i], weight, false, window)
        return () => owner?.sent?.()
      } catch (error) {
        return () => this.refuse(owner, weight, window, error)
      }
    })
  }

  private refuse(
    owner: Owner | undefined,
    weight: number,
    window: SendWindow | undefined,
    error: unknown,
  ): void {
    this.onRefused(weight, window)
    owner?.refused(error)
  }

  /** Nothing leaves any more: tell whoever still waits. */
  discard(error: unknown): void {
    const { items, owners } = this
    this.clear()
    tellAll(
      owners.map((owner, i) => () => {
        if (items[2 + 2 * i] !== 0) this.refuse(owner, 0, undefined, error)
      }),
    )
  }
}
