/**
 * Tasks that had started when nobody wanted them any more. Each is told first. After the grace:
 *
 * - its code has the thread for itself: the thread is terminated and replaced;
 * - it was told and goes on, while the loop turns: it is abandoned, its siblings finish, and then
 *   the thread is replaced; when the loop stands still for much longer, the thread is terminated, since
 *   it may be what was abandoned that holds it;
 * - other code has the thread for itself: its caller is let go, and we look again later;
 * - the loop does not turn: the thread is terminated and replaced.
 */
import { running } from "../core/Words.ts"
import type { Fleet } from "./Fleet.ts"
import type { Cancelling, Job } from "./Job.ts"
import type { Thread } from "./Thread.ts"

/** A loop that stands still for so long, in ms, or ten times the grace, will not turn again. */
const patience = 1000

export class Cancelled {
  private readonly fleet: Fleet
  private readonly grace: number

  constructor(fleet: Fleet, grace: number) {
    this.fleet = fleet
    this.grace = grace
  }

  add(job: Job, released: (() => void) | undefined): void {
    job.phase = "cancelling"
    job.cancelling = { timer: undefined, isSeen: false, isAbandoned: false, released }
    job.thread?.cancel(job.slot)
    this.lookLater(job)
  }

  /** Its slot is free, or its thread gone. */
  freed(job: Job): void {
    const { cancelling } = job
    if (cancelling === undefined) return
    clearTimeout(cancelling.timer)
    this.release(job)
  }

  private release(job: Job): void {
    const released = job.cancelling?.released
    if (job.cancelling !== undefined) job.cancelling.released = undefined
    released?.()
  }

  private lookLater(job: Job): void {
    const { cancelling } = job
    if (cancelling === undefined) return
    const pause = cancelling.isAbandoned ? Math.max(patience, 10 * this.grace) : this.grace
    cancelling.timer = setTimeout(() => this.look(job), pause)
  }

  private look(job: Job): void {
    const { cancelling, thread } = job
    if (cancelling === undefined || thread === undefined || job.phase !== "cancelling") return
    const now = running(thread.words)
    if (now === job.slot) return this.fleet.terminate(thread)
    if (!cancelling.isSeen && now === -1) return this.fleet.terminate(thread)
    this.release(job)
    if (cancelling.isSeen) {
      if (!cancelling.isAbandoned) this.abandon(thread, cancelling)
      // It says again that its loop turns, or there will be nobody who does.
      cancelling.isSeen = false
      thread.cancel(job.slot)
    }
    this.lookLater(job)
  }

  private abandon(thread: Thread, cancelling: Cancelling): void {
    cancelling.isAbandoned = true
    thread.abandoned++
    if (thread.phase === "ready") {
      this.fleet.recycled++
      this.fleet.retire(thread)
    } else this.fleet.goIfDone(thread)
  }
}
