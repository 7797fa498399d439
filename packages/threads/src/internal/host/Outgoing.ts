/**
 * The answers that a thread owes, and when they leave; how long tasks take, for whoever sends them;
 * and whether the heap is over its limit.
 */
import type { Transferable } from "node:worker_threads"

import type { Link } from "@manycore/ipc/bare/Link"

import { addObjects, isObject } from "../wire/identities.ts"
import { Moved } from "../wire/move.ts"
import { answersFrom, answerStride, type Code, code, toPool } from "../wire/protocol.ts"

/** Answers leave after so much work, in ms. */
const patience = 0.2

/** A kind is short when so many of its tasks, one after the other, took less than `patience`. */
const enough = 16

/** How often the heap is looked at, in ms. */
const heapPause = 250

type Kind = number | string

interface Taken {
  count: number
  millis: number
  /** Tasks that were short, since the last that was not. */
  short: number
}

const soon = Promise.resolve()

/** A message without answers, and without times. */
const noAnswers = (): Array<unknown> => [toPool.answers, 0, 0, 0, 0]

/** Whether `postMessage` may throw for it. */
const mayBeRefused = (value: unknown): boolean =>
  isObject(value) || typeof value === "function" || typeof value === "symbol"

export class Outgoing {
  heapLimit = 0
  private readonly link: Link
  private readonly line: number
  private answers: Array<unknown> = noAnswers()
  private transfers: Array<Transferable> = []
  private readonly objects = new Set<object>()
  private readonly taken = new Map<Kind, Taken>()
  private lastKind: Kind = -1
  private last: Taken | undefined
  private clock = 0
  private flushedAt = 0
  private heapSeenAt = 0
  private isScheduled = false

  constructor(link: Link, line: number) {
    this.link = link
    this.line = line
  }

  /** Work begins. */
  begin(): void {
    this.clock = performance.now()
    this.flushedAt = this.clock
  }

  /** ms, when the last task ended. */
  lap(): number {
    return this.clock
  }

  send(message: ReadonlyArray<unknown>): void {
    this.link.send(this.line, message)
    this.link.flush()
  }

  /** A result, perhaps one that moves. */
  answerValue(slot: number, value: unknown): void {
    const isMoved = value instanceof Moved
    const content: unknown = isMoved ? value.value : value
    const isAlone = isObject(content) && !this.fitsIn(content)
    if (isAlone) this.flush()
    if (isMoved) for (const part of value.transfer) this.transfers.push(part)
    if (content === undefined) this.answers.push(slot, code.nothing, 0)
    else this.answers.push(slot, code.success, content)
    if (isAlone) this.flush()
  }

  /** Whether the content shares no object with others of this batch, perhaps of a new one. */
  private fitsIn(content: object): boolean {
    const verdict = addObjects(content, this.objects)
    if (verdict !== "known") return verdict === "new"
    this.flush()
    return addObjects(content, this.objects) === "new"
  }

  answer(slot: number, what: Code, content: unknown): void {
    if (isObject(content)) {
      this.flush()
      this.answers.push(slot, what, content)
      this.flush()
    } else this.answers.push(slot, what, content)
  }

  /** What a task tells before it is over. `refused`: it cannot be copied. */
  event(slot: number, what: Code, content: unknown, refused: (error: unknown) => void): void {
    if (!mayBeRefused(content)) {
      this.answers.push(slot, what, content)
      return this.flushSoon()
    }
    // Alone, so that it is known whose it is: its task goes on, and must not end twice.
    this.flush()
    this.link.send(this.line, [...noAnswers(), slot, what, content], undefined, {
      refused,
    })
    this.link.flush()
  }

  /** A task has ended that began when the one before it had. */
  took(kind: Kind): void {
    const now = performance.now()
    this.record(kind, now - this.clock)
    this.clock = now
    if (now - this.flushedAt >= patience) this.flush()
  }

  tookSince(kind: Kind, since: number): void {
    this.clock = performance.now()
    this.record(kind, this.clock - since)
  }

  /** Whether tasks of this kind are known to be short. */
  isShort(kind: Kind): boolean {
    return this.takenOf(kind).short >= enough
  }

  private takenOf(kind: Kind): Taken {
    if (kind === this.lastKind && this.last !== undefined) return this.last
    let taken = this.taken.get(kind)
    if (taken === undefined) {
      taken = { count: 0, millis: 0, short: 0 }
      this.taken.set(kind, taken)
    }
    this.lastKind = kind
    this.last = taken
    return taken
  }

  private record(kind: Kind, millis: number): void {
    const taken = this.takenOf(kind)
    taken.count++
    taken.millis += millis
    taken.short = millis < patience ? taken.short + 1 : 0
  }

  flushSoon(): void {
    if (this.isScheduled) return
    this.isScheduled = true
    void soon.then(this.flush)
  }

  readonly flush = (): void => {
    this.isScheduled = false
    const { answers, transfers } = this
    if (answers.length === answersFrom) return
    this.answers = noAnswers()
    if (transfers.length > 0) this.transfers = []
    if (this.objects.size > 0) this.objects.clear()
    this.tellTimes(answers)
    this.flushedAt = this.clock
    this.link.sendParts(this.line, answers, transfers.length === 0 ? undefined : transfers, {
      refused: () => this.onRefused(answers),
    })
    this.link.flush()
    if (this.heapLimit > 0) this.lookAtHeap()
  }

  /** Whole nanoseconds: a number with a point takes longer to write. */
  private tellTimes(answers: Array<unknown>): void {
    let others: Array<Kind> | undefined
    for (const [kind, taken] of this.taken) {
      if (taken.count === 0) continue
      const nanos = Math.round(taken.millis * 1_000_000)
      if (answers[2] === 0) {
        answers[1] = kind
        answers[2] = taken.count
        answers[3] = nanos
      } else {
        others ??= []
        others.push(kind, taken.count, nanos)
      }
      taken.count = 0
      taken.millis = 0
    }
    if (others !== undefined) answers[4] = others
  }

  /** Something in it cannot be copied: find out what, and send the rest. */
  private onRefused(answers: ReadonlyArray<unknown>): void {
    if (this.link.closed !== undefined) return
    for (let i = answersFrom; i < answers.length; i += answerStride) {
      const slot = answers[i]
      this.link.send(
        this.line,
        [...noAnswers(), ...answers.slice(i, i + answerStride)],
        undefined,
        {
          refused: (error) => {
            const why = error instanceof Error ? error.message : String(error)
            this.link.send(this.line, [...noAnswers(), slot, code.unsendable, why])
          },
        },
      )
    }
    this.link.flush()
  }

  private lookAtHeap(): void {
    if (this.clock - this.heapSeenAt < heapPause) return
    this.heapSeenAt = this.clock
    const { getHeapStatistics } = process.getBuiltinModule("node:v8")
    if (getHeapStatistics().used_heap_size > this.heapLimit) this.send([toPool.recycle])
  }
}
