/**
 * Which thread gets a task, and whether any has room: by what tasks of its kind took so far. Knows
 * the kinds by name and by the number that threads know them by.
 */
import { custom, leastBusy, roundRobin } from "../core/choose.ts"
import { accepts, TaskTimes } from "../core/TaskTimes.ts"
import { type Job, unknownKind } from "./Job.ts"
import type { EngineOptions } from "./options.ts"
import type { Thread } from "./Thread.ts"

/** µs that a task counts for while nobody knows how long its kind takes. */
const unknownCost = 250

export class Placement {
  private readonly ready: ReadonlyArray<Thread>
  private readonly options: EngineOptions
  private readonly times = new TaskTimes()
  private readonly kinds = new Map<string, number>()
  private names: ReadonlyArray<string> = []
  private turn = 0
  private readonly onFailed: (job: Job, cause: unknown) => void

  /**
   * @param ready the threads that take tasks, as they come and go
   * @param onFailed told later of a task for which the user's own choice threw
   */
  constructor(
    ready: ReadonlyArray<Thread>,
    options: EngineOptions,
    onFailed: (job: Job, cause: unknown) => void,
  ) {
    this.ready = ready
    this.options = options
    this.onFailed = onFailed
  }

  /** The tasks that threads serve, in the order of their numbers. */
  serve(names: ReadonlyArray<string>): void {
    this.names = names
    this.kinds.clear()
    for (const name of names) this.kindOf(name)
  }

  /** µs that this task takes; infinite while nobody knows. */
  micros(task: string): number {
    return this.times.of(this.kindOf(task))
  }

  record(kind: number | string, count: number, micros: number): void {
    this.times.record(typeof kind === "number" ? kind : this.kindOf(kind), count, micros)
  }

  /** Hand a task to a thread that has room for it, or tell that it failed; false when none has. */
  dispatch(job: Job): boolean {
    if (this.ready.length === 0) return false
    const micros = this.microsOf(job)
    let thread: Thread | undefined
    try {
      thread = this.choose(job, micros)
    } catch (cause) {
      // Whoever hands out tasks is in the middle of it.
      queueMicrotask(() => this.onFailed(job, cause))
      return true
    }
    if (thread === undefined) return false
    this.give(thread, job, micros)
    return true
  }

  /** Hand it to this one; false when it has no room. */
  dispatchTo(thread: Thread, job: Job): boolean {
    const micros = this.microsOf(job)
    if (!this.hasRoom(thread, job, micros)) return false
    this.give(thread, job, micros)
    return true
  }

  private kindOf(task: string): number {
    let kind = this.kinds.get(task)
    if (kind === undefined) {
      kind = this.kinds.size
      this.kinds.set(task, kind)
    }
    return kind
  }

  private microsOf(job: Job): number {
    if (job.kind === unknownKind) job.kind = this.kindOf(job.task)
    return this.times.of(job.kind)
  }

  private give(thread: Thread, job: Job, micros: number): void {
    job.cost = micros === Number.POSITIVE_INFINITY ? unknownCost : micros
    // A task that the entry did not name travels by its name.
    thread.add(job, job.kind < this.names.length ? job.kind : job.task)
  }

  private hasRoom(thread: Thread, job: Job, micros: number): boolean {
    const { concurrency } = this.options
    // What moves to a thread cannot be taken back: it goes where it starts at once.
    if (job.isMoved && thread.held >= concurrency) return false
    return thread.hasSlot && accepts(thread.held, thread.load, micros, concurrency)
  }

  private choose(job: Job, micros: number): Thread | undefined {
    const { ready } = this
    const { scheduling } = this.options
    const hasRoom = (thread: Thread) => this.hasRoom(thread, job, micros)
    if (scheduling === "leastBusy") return leastBusy(ready, hasRoom)
    if (scheduling === "roundRobin") return roundRobin(ready, hasRoom, this.turn++)
    return custom(ready, hasRoom, scheduling, job.task)
  }
}
