/** A task of the promise face: settles its promise, once. */
import type { Transferable } from "node:worker_threads"

import { Job, type Lost } from "./engine/Job.ts"
import { failureOf, lostError } from "./outcome.ts"
import { type Code, code, type Extra } from "./wire/protocol.ts"

type Settle = (value: unknown) => void

export class PromiseJob extends Job {
  onSettled: (() => void) | undefined
  onProgress: ((value: unknown) => void) | undefined
  private readonly resolve: Settle
  readonly reject: Settle
  private readonly caller: string | undefined

  constructor(
    task: string,
    payload: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    extra: Extra | undefined,
    priority: number,
    caller: string | undefined,
    resolve: Settle,
    reject: Settle,
  ) {
    super(task, payload, transfer, extra, priority)
    this.caller = caller
    this.resolve = resolve
    this.reject = reject
  }

  onAnswer(what: Code, content: unknown): void {
    this.onSettled?.()
    if (what === code.success) return this.resolve(content)
    const failed = failureOf(this.task, undefined, what, content, this.caller)
    if (failed._tag === "Die") this.reject(failed.defect)
    else this.reject(failed._tag === "Fail" ? failed.error : new Error("the task was interrupted"))
  }

  onLost(lost: Lost): void {
    this.onSettled?.()
    this.reject(lostError("the pool's module", this.task, lost))
  }

  override onEvent(what: Code, content: unknown): void {
    if (what === code.progress) this.onProgress?.(content)
  }
}
