/**
 * The tasks that wait for a thread: by priority, the larger first, and by age within one. Waiting
 * raises a task by one priority for each `ageing`, so that nothing starves. Decides only the order;
 * how many may wait is the engine's affair. Pure: the time is handed in.
 */
import { Fifo } from "./Fifo.ts"

export interface Waits {
  readonly priority: number
  /** When it began to wait, in ms. */
  waitsSince: number
}

export class Waiting<A extends Waits> {
  private readonly levels = new Map<number, Fifo<A>>()
  /** What comes before everything else: taken once, and not started. */
  private readonly again = new Fifo<A>()
  private readonly ageing: number
  private count = 0
  /** Where the task is that `peek` has answered, until something changes. */
  private peeked: Fifo<A> | undefined
  /** The level, when there is one only: most pools know no priorities. */
  private sole: Fifo<A> | undefined

  /** @param ageing ms of waiting that count as one priority; > 0, may be infinite */
  constructor(ageing: number) {
    this.ageing = ageing
  }

  get size(): number {
    return this.count
  }

  add(item: A, now: number): void {
    item.waitsSince = now
    let level = this.levels.get(item.priority)
    if (level === undefined) {
      level = new Fifo<A>()
      this.sole = this.levels.size === 0 ? level : undefined
      this.levels.set(item.priority, level)
    }
    level.push(item)
    this.peeked = undefined
    this.count++
  }

  /** Put back what was taken but not started. */
  addAgain(items: ReadonlyArray<A>): void {
    this.again.unshift(items)
    this.peeked = undefined
    this.count += items.length
  }

  /** The next one. */
  peek(now: number): A | undefined {
    this.peeked = this.next(now)
    return this.peeked?.peek()
  }

  /** Takes it out: the one that was peeked at, if nothing has changed since. */
  take(now: number): A | undefined {
    const level = this.peeked ?? this.next(now)
    this.peeked = undefined
    if (level === undefined) return undefined
    this.count--
    return level.shift()
  }

  remove(item: A): boolean {
    const found = this.levels.get(item.priority)?.remove(item) === true || this.again.remove(item)
    if (found) this.count--
    this.peeked = undefined
    return found
  }

  /** Takes out the one that has waited longest among those of the lowest priority. */
  takeOldest(): A | undefined {
    this.peeked = undefined
    let lowest: readonly [number, Fifo<A>] | undefined
    for (const entry of this.levels) {
      if (entry[1].size > 0 && (lowest === undefined || entry[0] < lowest[0])) lowest = entry
    }
    const item = lowest?.[1].shift()
    if (item !== undefined) this.count--
    return item
  }

  private next(now: number): Fifo<A> | undefined {
    if (this.again.size > 0) return this.again
    if (this.sole !== undefined) return this.sole.size > 0 ? this.sole : undefined
    let best: Fifo<A> | undefined
    let highest = Number.NEGATIVE_INFINITY
    for (const [priority, level] of this.levels) {
      const head = level.peek()
      if (head === undefined) {
        // Priorities may be anything: an empty level must not stay for ever.
        if (this.levels.size > 8) this.levels.delete(priority)
        continue
      }
      const rank = priority + (now - head.waitsSince) / this.ageing
      if (rank > highest) {
        highest = rank
        best = level
      }
    }
    return best
  }
}
