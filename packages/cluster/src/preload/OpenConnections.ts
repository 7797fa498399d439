/** Counts the connections that this worker was handed, and lets the primary know how many are closed. */

/**
 * While others are open, closed connections are told with the next answer, or after so many ms: with
 * the last one at once, because a worker that has none is who gets the next one.
 */
const closedWithin = 2

export class OpenConnections {
  private readonly tell: (closed: number) => void
  private open = 0
  private closed = 0
  private timer: NodeJS.Timeout | undefined

  constructor(tell: (closed: number) => void) {
    this.tell = tell
  }

  add(): void {
    this.open++
  }

  remove(): void {
    this.closed++
    if (--this.open === 0) this.tellClosed()
    else this.timer ??= setTimeout(this.tellClosed, closedWithin).unref()
  }

  /** So many were closed; whoever asks tells the primary. */
  takeClosed(): number {
    const { closed } = this
    this.closed = 0
    return closed
  }

  private readonly tellClosed = (): void => {
    clearTimeout(this.timer)
    this.timer = undefined
    const closed = this.takeClosed()
    if (closed > 0) this.tell(closed)
  }
}
