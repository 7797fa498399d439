/** The tasks that a thread was sent and has not looked at, as they came: batch after batch. */
import { taskStride } from "../wire/protocol.ts"

export class Inbox {
  /** The batch of the next task, */
  body: ReadonlyArray<unknown> = []
  /** and where it begins there. */
  index = 1
  private later: Array<ReadonlyArray<unknown>> = []
  private count = 0

  get size(): number {
    return this.count
  }

  add(batch: ReadonlyArray<unknown>): void {
    this.count += (batch.length - 1) / taskStride
    if (this.index >= this.body.length) {
      this.body = batch
      this.index = 1
    } else this.later.push(batch)
  }

  /** Go on to the task after the next one. */
  next(): void {
    this.count--
    this.index += taskStride
    if (this.index < this.body.length) return
    this.body = this.later.shift() ?? []
    this.index = 1
  }
}
