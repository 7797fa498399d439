/**
 * The tasks that have no thread yet: the queue, those that are bound to a place among the threads,
 * and those that wait for room in the queue. Applies capacity and strategy.
 */
import { Fifo } from "../core/Fifo.ts"
import { Waiting } from "../core/Waiting.ts"
import type { Job, Lost } from "./Job.ts"
import type { EngineOptions } from "./options.ts"

export class Backlog {
  readonly waiting: Waiting<Job>
  /** Tasks with a place, by place. */
  private readonly bound: Array<Fifo<Job> | undefined> = []
  private readonly suspended = new Fifo<Job>()
  private readonly options: EngineOptions
  private readonly lose: (job: Job, lost: Lost) => void
  private boundCount = 0

  /** @param lose what becomes of a task that the queue has no room for */
  constructor(options: EngineOptions, lose: (job: Job, lost: Lost) => void) {
    this.options = options
    this.lose = lose
    this.waiting = new Waiting<Job>(options.ageing)
  }

  /** Tasks in the queue. */
  get size(): number {
    return this.waiting.size + this.boundCount
  }

  /** Tasks that wait for room in the queue. */
  get suspendedCount(): number {
    return this.suspended.size
  }

  get isFull(): boolean {
    return this.size >= this.options.capacity
  }

  /** Let a task in, or refuse it, or another one for its sake. */
  add(job: Job, now: number): void {
    job.phase = "waiting"
    if (this.isFull && !this.makeRoom(job, now)) return
    this.enter(job, now)
  }

  /** Makes room for the task or tells it that there is none. */
  private makeRoom(job: Job, now: number): boolean {
    const { capacity, strategy } = this.options
    switch (strategy) {
      case "suspend": {
        job.waitsSince = now
        this.suspended.push(job)
        return false
      }
      case "fail": {
        this.lose(job, { _tag: "QueueFull", capacity })
        return false
      }
      case "dropNewest": {
        this.lose(job, { _tag: "Dropped", capacity })
        return false
      }
      default: {
        const oldest = this.waiting.takeOldest()
        this.lose(oldest ?? job, { _tag: "Dropped", capacity })
        return oldest !== undefined
      }
    }
  }

  private enter(job: Job, now: number): void {
    if (job.place === -1) return this.waiting.add(job, now)
    job.waitsSince = now
    const bound = this.bound[job.place] ?? new Fifo<Job>()
    this.bound[job.place] = bound
    bound.push(job)
    this.boundCount++
  }

  /** Tasks that had a thread and have not started: before all others, capacity or not. */
  return(jobs: ReadonlyArray<Job>): void {
    for (const job of jobs) job.phase = "waiting"
    this.waiting.addAgain(jobs.filter(({ place }) => place === -1))
    for (const job of jobs) if (job.place !== -1) this.enter(job, job.waitsSince)
  }

  /** Lets in those that wait for room; true when there were any. Of a queue without room, one by one. */
  admit(): boolean {
    const room = Math.max(1, this.options.capacity)
    let isAny = false
    while (this.suspended.size > 0 && this.size < room) {
      const job = this.suspended.shift()
      if (job !== undefined) this.enter(job, job.waitsSince)
      isAny = true
    }
    return isAny
  }

  /** The next task that is bound to this place. */
  peekBound(place: number): Job | undefined {
    return this.boundCount === 0 ? undefined : this.bound[place]?.peek()
  }

  takeBound(place: number): void {
    if (this.bound[place]?.shift() !== undefined) this.boundCount--
  }

  remove(job: Job): void {
    if (this.suspended.remove(job)) return
    if (job.place === -1) this.waiting.remove(job)
    else if (this.bound[job.place]?.remove(job) === true) this.boundCount--
  }

  /** Takes out all that wait. */
  clear(now: number): Array<Job> {
    const jobs: Array<Job> = []
    for (let job = this.waiting.take(now); job !== undefined; job = this.waiting.take(now)) {
      jobs.push(job)
    }
    for (const fifo of [...this.bound, this.suspended]) {
      for (let job = fifo?.shift(); job !== undefined; job = fifo?.shift()) jobs.push(job)
    }
    this.boundCount = 0
    return jobs
  }
}
