/**
 * How a server takes calls: in the order in which they come, and only while its caller reads the answers.
 * What it does not take yet stays in the caller's window, so that a caller that never reads its answers
 * can neither fill this process with them nor send calls without end.
 *
 * It starts nothing; with the end of the link it forgets what it has not taken.
 *
 * @since 0.1.0
 */
import { Fifo } from "./Fifo.ts"
import type { Link } from "./Link.ts"

interface Held<Id, Call> {
  readonly id: Id
  /** Undefined once the caller does not want it any more. */
  call: Call | undefined
  readonly weight: number
}

export class Intake<Id, Call> {
  private readonly link: Link
  private readonly start: (call: Call) => void
  private readonly held = new Fifo<Held<Id, Call>>()
  private readonly byId = new Map<Id, Held<Id, Call>>()
  private isWaiting = false
  private stopWaiting: () => void = () => {}

  constructor(link: Link, start: (call: Call) => void) {
    this.link = link
    this.start = start
  }

  /**
   * A call has come: begin with it, or keep it for later and answer `false`, as a listener of the link
   * does.
   */
  take(id: Id, call: Call, weight: number): boolean {
    if (this.held.length === 0 && !this.link.isUnread) {
      this.start(call)
      return true
    }
    const held: Held<Id, Call> = { id, call, weight }
    this.held.push(held)
    this.byId.set(id, held)
    this.wait()
    return false
  }

  /** The caller does not want this one any more; true when it had not begun. */
  forget(id: Id): boolean {
    const held = this.byId.get(id)
    if (held === undefined) return false
    this.byId.delete(id)
    // It stays in the window until its turn, or calls that are taken back at once could pile up here.
    held.call = undefined
    return true
  }

  /** Take no more. Answers the calls that had not begun. */
  stop(): ReadonlyArray<Call> {
    this.stopWaiting()
    this.isWaiting = false
    this.byId.clear()
    return this.held.clear().flatMap(({ call, weight }) => {
      this.link.consume(weight)
      return call === undefined ? [] : [call]
    })
  }

  private wait(): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.stopWaiting = this.link.onceRead(this.goOn)
  }

  private readonly goOn = (): void => {
    this.isWaiting = false
    if (this.link.closed !== undefined) return void this.stop()
    while (!this.link.isUnread) {
      const next = this.held.shift()
      if (next === undefined) return
      if (this.byId.get(next.id) === next) this.byId.delete(next.id)
      this.link.consume(next.weight)
      if (next.call !== undefined) this.start(next.call)
    }
    this.wait()
  }
}
