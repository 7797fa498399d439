/**
 * The pool itself, free of Effect and synchronous: takes tasks, hands them to threads, tells each its
 * one outcome. The faces (`Pool`, `promise`) make jobs; `Fleet` has the threads, `Backlog` the queue.
 *
 * Shutdown, `close`:
 * 1. New tasks fail with `PoolClosed`; those that were accepted run, queued ones too.
 * 2. When all have ended, or after `closeTimeout`, each thread is told to tear down and go.
 * 3. Tasks that have no outcome by then fail with `PoolClosed`; threads that are left are terminated.
 * 4. The promise is fulfilled when the last thread is gone.
 */
import { placeOf } from "../core/choose.ts"
import { Backlog } from "./Backlog.ts"
import { Cancelled } from "./Cancelled.ts"
import { Fleet } from "./Fleet.ts"
import { Histogram } from "./Histogram.ts"
import type { Job, Lost } from "./Job.ts"
import { KeepAlive } from "./KeepAlive.ts"
import type { EngineOptions } from "./options.ts"
import { Placement } from "./Placement.ts"
import { Pump } from "./Pump.ts"
import { RunClock } from "./RunClock.ts"
import { Shutdown } from "./Shutdown.ts"
import { Thieves } from "./Thieves.ts"
import type { Thread } from "./Thread.ts"

export interface EngineEvents {
  /** The first thread serves. */
  readonly onReady?: () => void
  /** The pool has stopped. */
  readonly onGaveUp?: (lost: GaveUp) => void
  /** The queue is empty. */
  readonly onDrain?: () => void
}

/** Why a pool has stopped by itself. */
export type GaveUp = Extract<Lost, { readonly _tag: "GaveUp" | "NotServed" }>

const soon = Promise.resolve()

export class Engine {
  readonly options: EngineOptions
  readonly fleet: Fleet
  readonly backlog: Backlog
  private readonly placement: Placement
  readonly queueWait = new Histogram()
  readonly runTime = new Histogram()
  /** Tasks that have no outcome yet. */
  pending = 0
  /** Tasks that had one. */
  completed = 0
  private readonly clock = new RunClock()
  private readonly events: EngineEvents
  private readonly keepAlive = new KeepAlive()
  private readonly cancelled: Cancelled
  private readonly thieves: Thieves
  private readonly pump: Pump
  private readonly shutdown: Shutdown
  private dirty: Array<Thread> = []
  private isReady = false
  private stopped: Lost | undefined
  private closing: Promise<void> | undefined

  constructor(options: EngineOptions, events: EngineEvents = {}) {
    this.options = options
    this.events = events
    this.backlog = new Backlog(options, (job, lost) => this.lose(job, lost))
    this.fleet = new Fleet(
      options,
      {
        onReady: (thread, names) => this.onThreadReady(thread, names),
        onReturned: (jobs) => this.onReturned(jobs),
        onLost: (jobs, thread, exitCode, cause) => {
          const lost = {
            _tag: "ThreadExited" as const,
            threadId: thread.threadId,
            exitCode,
            ...(cause === undefined ? {} : { cause: cause.error }),
          }
          for (const job of jobs) this.lose(job, lost)
          this.pump.run()
        },
        onGaveUp: (deaths, cause) => this.giveUp({ _tag: "GaveUp", deaths, cause }),
        onEmpty: () => this.shutdown.empty(),
      },
      {
        onOutbox: this.onOutbox,
        onTime: this.onTime,
        onFreed: this.onFreed,
        onAnswered: this.onAnswered,
        // Later: it may be the task that is being handed out right now.
        onUnsendable: (thread, job, cause) => {
          queueMicrotask(() => {
            this.lose(job, { _tag: "NotSerializable", cause })
            this.fleet.goIfDone(thread)
            this.pump.run()
          })
        },
        onRecycle: (thread) => this.recycle(thread),
      },
    )
    this.placement = new Placement(this.fleet.ready, options, (job, cause) =>
      this.lose(job, { _tag: "SchedulingFailed", cause }),
    )
    this.cancelled = new Cancelled(this.fleet, options.grace)
    this.thieves = new Thieves(this.fleet, (jobs) => {
      this.onReturned(jobs)
      this.pump.run()
    })
    this.pump = new Pump({
      backlog: this.backlog,
      fleet: this.fleet,
      placement: this.placement,
      thieves: this.thieves,
      clock: this.clock,
      queueWait: this.queueWait,
      onDrain: () => this.events.onDrain?.(),
    })
    this.shutdown = new Shutdown(this.fleet, options.closeTimeout)
    if (options.keepAlive) this.keepAlive.hold()
    // Until the first thread serves, or does not, there is something to wait for.
    this.keepAlive.hold()
    this.fleet.ensure()
  }

  /** Hand in a task. It has exactly one outcome, told through the job. */
  submit(job: Job): void {
    this.pending++
    this.keepAlive.hold()
    if (this.stopped !== undefined) return this.lose(job, this.stopped)
    if (this.options.taskTimeout > 0) this.startTimeout(job, this.options.taskTimeout)
    const { backlog } = this
    if (job.place === -1 && backlog.size === 0 && this.placement.dispatch(job)) return
    this.pump.add(job)
  }

  /** The place for tasks of this key: the same thread, or the one that has replaced it. */
  placeOf(key: string): number {
    return placeOf(key, this.options.minThreads)
  }

  /** µs that this task takes; infinite while nobody knows. */
  micros(task: string): number {
    return this.placement.micros(task)
  }

  /** Nobody waits for this task any more. `released` is told when no thread is busy with it. */
  cancel(job: Job, released?: () => void): void {
    switch (job.phase) {
      case "waiting": {
        this.backlog.remove(job)
        this.end(job)
        released?.()
        this.pump.run()
        return
      }
      case "dispatched": {
        if (job.thread?.takeBack(job) === true) {
          this.end(job)
          released?.()
          this.pump.run()
        } else this.cancelled.add(job, released)
        return
      }
      default: {
        released?.()
      }
    }
  }

  /** Drain, then end every thread. */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  /** End every thread now, whatever it does. */
  destroy(): Promise<void> {
    const closed = this.close()
    this.shutdown.hurry()
    return closed
  }

  private async shutDown(): Promise<void> {
    this.stopped ??= { _tag: "PoolClosed" }
    this.keepAlive.hold()
    await this.shutdown.run(this.pending === 0, () => {
      for (const job of this.backlog.clear(this.clock.now())) {
        this.lose(job, { _tag: "PoolClosed" })
      }
    })
    this.thieves.end()
    this.keepAlive.end()
  }

  private startTimeout(job: Job, millis: number): void {
    job.timeout = setTimeout(() => {
      const isLive = job.phase === "waiting" || job.phase === "dispatched"
      if (!isLive) return
      this.cancel(job)
      job.onLost({ _tag: "TimedOut", millis })
    }, millis)
  }

  /** A task that has no answer. One that nobody waits for any more is told nothing. */
  private lose(job: Job, lost: Lost): void {
    if (job.phase === "over") return
    const isWanted = job.phase !== "cancelling"
    this.end(job)
    if (!isWanted) this.cancelled.freed(job)
    // What happens to a thread that we end is no news of its tasks.
    else if (this.closing !== undefined && this.fleet.isClosing) job.onLost({ _tag: "PoolClosed" })
    else job.onLost(lost)
  }

  private end(job: Job): void {
    job.phase = "over"
    this.settled(job)
  }

  private settled(job?: Job): void {
    if (job?.timeout !== undefined) clearTimeout(job.timeout)
    this.completed++
    this.pending--
    this.keepAlive.release()
    if (this.pending === 0) this.shutdown.idle()
  }

  private readonly onOutbox = (thread: Thread): void => {
    if (this.dirty.push(thread) === 1) void soon.then(this.flush)
  }

  private readonly flush = (): void => {
    const { dirty } = this
    this.dirty = []
    for (const thread of dirty) thread.flush()
  }

  private onThreadReady(thread: Thread, names: ReadonlyArray<string>): void {
    if (!this.isReady) {
      const missing = this.options.tasks?.find((task) => !names.includes(task))
      if (missing !== undefined) return this.giveUp({ _tag: "NotServed", missing })
      this.isReady = true
      this.placement.serve(names)
      this.keepAlive.release()
      this.events.onReady?.()
    }
    thread.idleSince = performance.now()
    this.pump.run()
    // A new thread takes over what stands ready at the others.
    this.thieves.look(this.backlog.size)
  }

  private readonly onTime = (
    thread: Thread,
    kind: number | string,
    count: number,
    micros: number,
  ): void => {
    this.placement.record(kind, count, micros)
    thread.busy += micros
    this.runTime.record(micros / count, count)
  }

  private readonly onFreed = (thread: Thread, job: Job): void => {
    const wasCancelled = job.phase === "cancelling"
    job.phase = "over"
    if (wasCancelled) {
      if (job.cancelling?.isAbandoned === true) thread.abandoned--
      this.cancelled.freed(job)
    }
    this.settled(job)
    if (thread.phase === "retiring") this.fleet.goIfDone(thread)
  }

  private readonly onAnswered = (thread: Thread): void => {
    thread.heardAt = this.clock.now()
    if (thread.held === 0) thread.idleSince = this.clock.last
    const { recycleAfter } = this.options
    if (recycleAfter > 0 && thread.done >= recycleAfter) this.recycle(thread)
    this.pump.run()
  }

  private recycle(thread: Thread): void {
    if (thread.phase !== "ready") return
    this.fleet.recycled++
    this.fleet.retire(thread)
    this.pump.run()
  }

  private onReturned(jobs: ReadonlyArray<Job>): void {
    if (jobs.length === 0) return
    if (this.fleet.isClosing) {
      for (const job of jobs) this.lose(job, this.stopped ?? { _tag: "PoolClosed" })
      return
    }
    this.backlog.return(jobs)
    // Whoever returned them may be in the middle of something.
    void soon.then(() => this.pump.run())
  }

  private giveUp(lost: GaveUp): void {
    if (this.stopped !== undefined) return
    this.stopped = lost
    if (!this.isReady) this.keepAlive.release()
    this.events.onGaveUp?.(lost)
    for (const job of this.backlog.clear(this.clock.now())) this.lose(job, lost)
    // Those that still work finish what they have.
    this.fleet.finish()
  }
}
