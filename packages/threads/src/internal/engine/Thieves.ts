/**
 * Tasks that stand ready behind a long one, while another thread has nothing to do, run there
 * instead: their words say that they have not started, so they can be taken back without a word to
 * the thread that has them.
 */
import type { Fleet } from "./Fleet.ts"
import type { Job } from "./Job.ts"
import type { Thread } from "./Thread.ts"

/** A thread that has said nothing for so long is busy with something long, in ms. */
const silence = 1

/** While there is nothing to take, the looks become rarer, up to this pause in ms. */
const longestPause = 64

export class Thieves {
  private readonly fleet: Fleet
  private readonly onTaken: (jobs: ReadonlyArray<Job>) => void
  private timer: NodeJS.Timeout | undefined
  private pause = silence

  constructor(fleet: Fleet, onTaken: (jobs: ReadonlyArray<Job>) => void) {
    this.fleet = fleet
    this.onTaken = onTaken
  }

  /** Look soon, if there is a thread without tasks and one with several. */
  look(waiting: number): void {
    if (this.timer !== undefined || waiting > 0 || this.victim() === undefined) return
    if (!this.fleet.ready.some(({ held }) => held === 0)) return
    this.timer = setTimeout(this.steal, this.pause)
    this.timer.unref()
  }

  end(): void {
    clearTimeout(this.timer)
  }

  private victim(): Thread | undefined {
    let most: Thread | undefined
    for (const thread of this.fleet.ready) {
      if (thread.held > 1 && (most === undefined || thread.held > most.held)) most = thread
    }
    return most
  }

  private readonly steal = (): void => {
    this.timer = undefined
    const thread = this.victim()
    const isIdle = this.fleet.ready.some(({ held }) => held === 0)
    if (thread === undefined || !isIdle) {
      this.pause = silence
      return
    }
    const isSilent = performance.now() - thread.heardAt >= silence
    const jobs = isSilent
      ? thread.takeBackSome(Math.ceil(thread.held / 2), ({ place }) => place === -1)
      : []
    this.pause = jobs.length > 0 ? silence : Math.min(2 * this.pause, longestPause)
    if (jobs.length > 0) this.onTaken(jobs)
    else this.look(0)
  }
}
