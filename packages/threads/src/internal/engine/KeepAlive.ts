/**
 * Keeps the process alive while there is something to wait for, and only then. The threads
 * themselves never do. It lets go a turn of the loop late, because a caller that gets one answer
 * usually asks for the next.
 */
const longest = 2 ** 30

export class KeepAlive {
  private readonly timer = setInterval(() => {}, longest)
  private count = 0
  private isRef = false
  private isScheduled = false

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
    setImmediate(this.letGo)
  }

  end(): void {
    clearInterval(this.timer)
  }

  private readonly letGo = (): void => {
    this.isScheduled = false
    if (this.count > 0 || !this.isRef) return
    this.isRef = false
    this.timer.unref()
  }
}
