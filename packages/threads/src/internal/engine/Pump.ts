/** Hands out the tasks that wait, for as long as threads have room, and sees to what follows from that. */
import type { Backlog } from "./Backlog.ts"
import type { Fleet } from "./Fleet.ts"
import type { Histogram } from "./Histogram.ts"
import type { Job } from "./Job.ts"
import type { Placement } from "./Placement.ts"
import type { RunClock } from "./RunClock.ts"
import type { Thieves } from "./Thieves.ts"
import type { Thread } from "./Thread.ts"

interface Parts {
  readonly backlog: Backlog
  readonly fleet: Fleet
  readonly placement: Placement
  readonly thieves: Thieves
  readonly clock: RunClock
  readonly queueWait: Histogram
  /** The queue was full, and is empty. */
  readonly onDrain: () => void
}

export class Pump {
  private readonly parts: Parts
  private needsDrain = false

  constructor(parts: Parts) {
    this.parts = parts
  }

  /** A task that found no thread free. */
  add(job: Job): void {
    const { backlog, clock, fleet } = this.parts
    backlog.add(job, clock.now())
    if (backlog.isFull) this.needsDrain = true
    if (job.place !== -1) this.run()
    else fleet.grow()
  }

  run(): void {
    const { backlog, clock, fleet, thieves } = this.parts
    if (backlog.size > 0 || backlog.suspendedCount > 0) {
      clock.now()
      do this.handOut()
      while (backlog.suspendedCount > 0 && backlog.admit())
      if (backlog.size > 0) fleet.grow()
    }
    if (this.needsDrain && backlog.size === 0) {
      this.needsDrain = false
      this.parts.onDrain()
    }
    thieves.look(backlog.size)
    fleet.sweep()
  }

  private handOut(): void {
    const { backlog, clock, fleet, placement } = this.parts
    for (const thread of fleet.ready) this.handOutBound(thread)
    for (;;) {
      const job = backlog.waiting.peek(clock.last)
      if (job === undefined || !placement.dispatch(job)) return
      backlog.waiting.take(clock.last)
      this.waited(job)
      if (backlog.suspendedCount > 0) backlog.admit()
    }
  }

  /** The tasks of this thread's place, for as long as none that may run anywhere is older. */
  private handOutBound(thread: Thread): void {
    const { backlog, clock, placement } = this.parts
    for (;;) {
      const job = backlog.peekBound(thread.place)
      if (job === undefined) return
      const other = backlog.waiting.peek(clock.last)
      if (other !== undefined && other.waitsSince < job.waitsSince && thread.held === 0) return
      if (!placement.dispatchTo(thread, job)) return
      backlog.takeBound(thread.place)
      this.waited(job)
    }
  }

  private waited(job: Job): void {
    const { clock, queueWait } = this.parts
    queueWait.record((clock.last - job.waitsSince) * 1000)
  }
}
