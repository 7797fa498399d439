/** First in, first out; taking the first costs the same however many wait. */
export class Fifo<A> {
  private items: Array<A> = []
  private first = 0

  get length(): number {
    return this.items.length - this.first
  }

  push(item: A): void {
    this.items.push(item)
  }

  shift(): A | undefined {
    const item = this.items[this.first]
    if (this.first < this.items.length) this.first++
    // Let go of what was taken once it is half of what is held.
    if (this.first * 2 > this.items.length) {
      this.items = this.items.slice(this.first)
      this.first = 0
    }
    return item
  }

  /** Take all. */
  clear(): ReadonlyArray<A> {
    const rest = this.items.slice(this.first)
    this.items = []
    this.first = 0
    return rest
  }
}
