/** A queue whose both ends cost nothing: an array with a moving head. */
export class Fifo<A> {
  private items: Array<A | undefined> = []
  private head = 0

  get size(): number {
    return this.items.length - this.head
  }

  push(item: A): void {
    this.items.push(item)
  }

  peek(): A | undefined {
    return this.items[this.head]
  }

  shift(): A | undefined {
    const item = this.items[this.head]
    if (this.head === this.items.length) return undefined
    this.items[this.head++] = undefined
    if (this.head === this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Put back what was taken, in the order given, before all others. */
  unshift(items: ReadonlyArray<A>): void {
    this.items = [...items, ...this.items.slice(this.head)]
    this.head = 0
  }

  /** Takes time in proportion to the queue. */
  remove(item: A): boolean {
    const index = this.items.indexOf(item, this.head)
    if (index === -1) return false
    if (index === this.head) this.shift()
    else this.items.splice(index, 1)
    return true
  }
}
