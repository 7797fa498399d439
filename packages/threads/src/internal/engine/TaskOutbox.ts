/**
 * The tasks of one synchronous run that leave for a thread as one message. In one message the same
 * object arrives as one: a payload that shares one with another task leaves in a message of its own.
 */
import type { Link } from "@manycore/ipc/bare/Link"

import { addObjects, isObject } from "../wire/identities.ts"
import { noPayload, taskStride, toThread } from "../wire/protocol.ts"
import type { Job } from "./Job.ts"

interface Owner {
  /** Something waits to leave: call `flush` soon. */
  readonly onFilled: () => void
  /** The task in this slot, if it is still this thread's. */
  readonly jobOf: (slot: number) => Job | undefined
  /** The payload of the task in this slot cannot be copied. */
  readonly onUnsendable: (slot: number, error: unknown) => void
}

export class TaskOutbox {
  private readonly link: Link
  private readonly line: number
  private readonly owner: Owner
  private tasks: Array<unknown> = [toThread.tasks]
  private transfers: Array<NonNullable<Job["transfer"]>> = []
  private readonly objects = new Set<object>()
  private isNoticed = false

  constructor(link: Link, line: number, owner: Owner) {
    this.link = link
    this.line = line
    this.owner = owner
  }

  add(job: Job, wireKind: number | string): void {
    const { extra, payload, slot } = job
    const isAlone = isObject(payload) && !this.fitsIn(payload)
    if (isAlone) this.flush()
    if (extra === undefined && payload === undefined) this.tasks.push(slot, wireKind, 0, noPayload)
    else this.tasks.push(slot, wireKind, payload, extra ?? 0)
    if (job.transfer !== undefined) this.transfers.push(job.transfer)
    if (isAlone) this.flush()
    else if (!this.isNoticed) {
      this.isNoticed = true
      this.owner.onFilled()
    }
  }

  /** Whether the payload shares no object with others of this batch, perhaps of a new one. */
  private fitsIn(payload: object): boolean {
    const verdict = addObjects(payload, this.objects)
    if (verdict !== "known") return verdict === "new"
    this.flush()
    return addObjects(payload, this.objects) === "new"
  }

  flush(): void {
    this.isNoticed = false
    const { tasks, transfers } = this
    if (this.objects.size > 0) this.objects.clear()
    if (tasks.length === 1) return
    this.tasks = [toThread.tasks]
    if (transfers.length > 0) this.transfers = []
    this.link.sendParts(this.line, tasks, transfers.length === 0 ? undefined : transfers.flat(), {
      refused: (error) => this.onRefused(tasks, error),
    })
    this.link.flush()
  }

  /** Something in it cannot be copied: find out what, and send the rest. */
  private onRefused(batch: ReadonlyArray<unknown>, error: unknown): void {
    if (this.link.closed !== undefined) return
    const isOne = batch.length === 1 + taskStride
    for (let i = 1; i < batch.length; i += taskStride) {
      const slot = Number(batch[i])
      if (isOne) this.owner.onUnsendable(slot, error)
      else {
        const one = [toThread.tasks, ...batch.slice(i, i + taskStride)]
        this.link.send(this.line, one, this.owner.jobOf(slot)?.transfer, {
          refused: (why) => this.onRefused(one, why),
        })
      }
    }
  }
}
