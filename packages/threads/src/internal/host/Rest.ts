/**
 * How a thread waits for the task that comes next, when they come one after the other: on a word of its
 * memory, which is half of what a turn of the event loop takes.
 *
 * It waits so only when nothing else of its loop is active, no timer, no socket, no other port; and it goes
 * back to its loop after `turn` at the latest while tasks come, after `longest` when none does. So what is
 * not counted as active, such as a timer that was unref'ed, is late by `longest` at most.
 */
import type { Wire } from "@manycore/ipc/bare"

import * as Words from "../core/Words.ts"

/** ms in which tasks are taken without a turn of the loop. */
const turn = 1

/**
 * ms. A shorter wait costs more: a timer that comes before the next tick of the operating system's clock
 * (4 ms apart on most Linux machines) must be set in the hardware.
 */
const longest = 10

/** Of the thread's loop when it has nothing to do: the port to its pool. */
const own = 1

export class Rest {
  words: Int32Array = new Int32Array(0)
  private readonly poll: () => boolean
  private readonly isBusy: () => boolean
  private isScheduled = false
  private isPolling = false
  /** When the loop must turn, in ms. */
  private until = 0

  /** @param isBusy whether tasks run, or wait to run */
  constructor(wire: Wire, isBusy: () => boolean) {
    this.poll = wire.poll ?? (() => false)
    this.isBusy = isBusy
  }

  /** What was sent is done. What it has left to be done in this turn of the loop is done first. */
  begin(): void {
    if (this.isScheduled) return
    if (!this.isPolling) this.until = 0
    this.isScheduled = true
    queueMicrotask(this.schedule)
  }

  /** A tick that is asked for by a microtask comes when there is none left. */
  private readonly schedule = (): void => {
    process.nextTick(this.wait)
  }

  private readonly wait = (): void => {
    this.isScheduled = false
    if (this.isBusy() || process.getActiveResourcesInfo().length > own) return
    const now = performance.now()
    if (this.until === 0) this.until = now + turn
    if (now >= this.until) return
    const { words } = this
    Words.prepareRest(words)
    // It may have come before it was known that we wait.
    this.isPolling = true
    try {
      if (this.poll()) return
      Words.rest(words, longest)
      this.poll()
    } finally {
      this.isPolling = false
      Words.endRest(words)
    }
  }
}
