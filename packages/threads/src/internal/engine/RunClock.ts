/** ms, read once in each synchronous run: a clock call per task would cost too much. */
const soon = Promise.resolve()

export class RunClock {
  /** When it was read last. */
  last = performance.now()
  private isFresh = false

  now(): number {
    if (this.isFresh) return this.last
    this.isFresh = true
    void soon.then(this.forget)
    this.last = performance.now()
    return this.last
  }

  private readonly forget = (): void => {
    this.isFresh = false
  }
}
