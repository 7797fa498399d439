/**
 * Whether something is worth a try: what failed is likely to fail again, so it is left out for a while,
 * each time twice as long, until it succeeds.
 */

/** It is never left out more often than so at a time. */
const most = 1024

export class Patience {
  private left = 0
  private next: number
  private readonly first: number

  /** @param first how often it is left out after a first failure */
  constructor(first: number) {
    this.first = first
    this.next = first
  }

  /** Asked once for each try. */
  get isDue(): boolean {
    if (this.left === 0) return true
    this.left--
    return false
  }

  tried(succeeded: boolean): void {
    this.left = succeeded ? 0 : this.next
    this.next = succeeded ? this.first : Math.min(most, 2 * this.next)
  }
}
