/**
 * Keeps the process alive while there is something to wait for, and only then. The threads
 * themselves never do. It lets go late, because a caller that gets one answer usually asks for the
 * next: a turn of the loop late at first, and some ms once that has proved too early.
 */
const longest = 2 ** 30

/** ms that pass between two looks while tasks come one after the other. */
const pause = 5

export class KeepAlive {
  private readonly timer = setInterval(() => {}, longest)
  private count = 0
  private isRef = false
  private isScheduled = false
  private wasEarly = false

  constructor() {
    this.timer.unref()
  }

  hold(): void {
    this.count++
    if (this.isRef) return
    this.isRef = true
    this.timer.ref()
  }

  release(): void {
    this.count--
    if (this.count > 0 || this.isScheduled) return
    this.isScheduled = true
    // An immediate for each of many tasks would cost each a microsecond.
    if (this.wasEarly) setTimeout(this.letGo, pause)
    else setImmediate(this.letGo)
  }

  end(): void {
    clearInterval(this.timer)
  }

  private readonly letGo = (): void => {
    this.isScheduled = false
    this.wasEarly = this.count > 0
    if (this.wasEarly || !this.isRef) return
    this.isRef = false
    this.timer.unref()
  }
}
