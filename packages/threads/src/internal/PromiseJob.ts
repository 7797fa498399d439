/** A task of the promise face: settles its promise, once. */
import type { Transferable } from "node:worker_threads"

import type { Caller } from "./callerStack.ts"
import { Job, type Lost } from "./engine/Job.ts"
import { failureOf, lostError } from "./outcome.ts"
import { type Code, code, type Extra } from "./wire/protocol.ts"

type Settle = (value: unknown) => void

export class PromiseJob extends Job {
  onSettled: (() => void) | undefined
  private readonly resolve: Settle
  readonly reject: Settle
  private readonly file: string
  private readonly caller: Caller | undefined

  /** @param file the module of the task, for messages */
  constructor(
    file: string,
    task: string,
    payload: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    extra: Extra | undefined,
    priority: number,
    caller: Caller | undefined,
    resolve: Settle,
    reject: Settle,
  ) {
    super(task, payload, transfer, extra, priority)
    this.file = file
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
    this.reject(lostError(this.file, this.task, lost))
  }
}
