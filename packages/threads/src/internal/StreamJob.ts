/**
 * A task that answers a stream, as its reader sees it: chunks that have arrived, and who waits for
 * the next. The thread may have a few chunks under way; each one that is taken allows another.
 */
import type { Transferable } from "node:worker_threads"

import { Cause, Effect, Exit } from "effect"

import type { Caller } from "./callerStack.ts"
import type { Codecs } from "./codecs.ts"
import { Fifo } from "./core/Fifo.ts"
import { Job, type Lost } from "./engine/Job.ts"
import { failureOf, invalidResult, toEffect } from "./outcome.ts"
import { type Code, code, type Extra } from "./wire/protocol.ts"

export type Chunk = readonly [unknown, ...Array<unknown>]
type Next = Effect.Effect<Chunk, unknown>

interface How {
  readonly codecs: Codecs | undefined
  readonly onLost: (lost: Lost) => unknown
  readonly caller: Caller | undefined
}

const isChunk = (value: unknown): value is Chunk => Array.isArray(value) && value.length > 0

export class StreamJob extends Job {
  /** Chunks that may be under way. */
  static readonly credit = 8

  private readonly chunks = new Fifo<Next>()
  private readonly how: How
  private end: Next | undefined
  private waiter: ((next: Next) => void) | undefined

  constructor(
    task: string,
    payload: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    extra: Extra,
    priority: number,
    how: How,
  ) {
    super(task, payload, transfer, extra, priority)
    this.how = how
  }

  /** Hands over the next chunk, or the end. */
  take(resume: (next: Next) => void): void {
    const chunk = this.chunks.shift()
    if (chunk !== undefined) {
      this.thread?.credit(this.slot, 1)
      resume(chunk)
    } else if (this.end === undefined) this.waiter = resume
    else resume(this.end)
  }

  override onEvent(what: Code, content: unknown): void {
    if (what !== code.chunk) return super.onEvent(what, content)
    this.chunks.push(this.decode(content))
    this.wake()
  }

  onAnswer(what: Code, content: unknown): void {
    const { caller, codecs } = this.how
    this.end =
      what === code.success
        ? Exit.fail(Cause.Done())
        : toEffect(failureOf(this.task, codecs, what, content, caller))
    this.wake()
  }

  onLost(lost: Lost): void {
    this.end = Exit.fail(this.how.onLost(lost))
    this.wake()
  }

  private decode(content: unknown): Next {
    const { codecs } = this.how
    if (codecs === undefined) return isChunk(content) ? Exit.succeed(content) : Effect.never
    return codecs.decodeSuccess(content).pipe(
      Effect.mapError((cause) => invalidResult(this.task, cause)),
      Effect.filterOrElse(isChunk, () =>
        Effect.die(new TypeError("a chunk of a stream without values")),
      ),
    )
  }

  private wake(): void {
    const { waiter } = this
    if (waiter === undefined) return
    this.waiter = undefined
    this.take(waiter)
  }
}
