/**
 * What one side may have under way at the other, and what waits here until there is room. A link has two:
 *
 * | window | what travels in it | who makes room again |
 * | --- | --- | --- |
 * | messages | calls, and all that is not an answer | the reader, whenever it takes them |
 * | answers | lines whose names end in `<` | the peer's link, as soon as they arrive |
 *
 * Two, because a server that gets no answer away takes no further call (`Intake`): the calls fill their
 * window and their caller waits. With one window, two peers that call each other would wait for each
 * other for ever, each with no room for the answers that would make room at the other. As it is, answers
 * wait for nothing but the peer's reading, and calls for nothing but answers.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import { Fifo } from "./Fifo.ts"
import type { Owner } from "./Outbox.ts"
import { Waiters } from "./Waiters.ts"

/** Whether the messages of a line are answers: the caller takes them as soon as they arrive. */
export const isAnswers = (name: string): boolean => name.endsWith("<")

/** A message for which there was no room. */
export interface Waiting {
  readonly line: number
  readonly body: unknown
  readonly weight: number
  readonly transfer: ReadonlyArray<Transferable> | undefined
  readonly owner: Owner | undefined
}

export class SendWindow {
  /** Bytes sent and not yet consumed by the peer. */
  outstanding = 0
  /** Bytes that wait here. */
  held = 0
  /** Called once when there is room. */
  readonly waiters = new Waiters()
  private readonly waiting = new Fifo<Waiting>()

  get isWaiting(): boolean {
    return this.waiting.length > 0
  }

  hold(message: Waiting): void {
    this.held += message.weight
    this.waiting.push(message)
  }

  next(): Waiting | undefined {
    const message = this.waiting.shift()
    if (message !== undefined) this.held -= message.weight
    return message
  }

  repay(weight: number): void {
    this.outstanding = Math.max(0, this.outstanding - weight)
  }

  /** Take all that waits. */
  clear(): ReadonlyArray<Waiting> {
    this.held = 0
    return this.waiting.clear()
  }
}
