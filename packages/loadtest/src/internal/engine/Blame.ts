/**
 * How much of a request's delay is the generator's own fault.
 *
 * Before the first request that finds no free place it is all of it. While requests wait for places
 * it is the server that keeps them, unless the event loop does not come to rest: then answers may have
 * been there for long, and it is the generator that does not get to read them.
 */
import type { Clock } from "./Wire.ts"

/** How often the event loop is looked at while requests wait, in ms. */
const period = 10
/** A loop that rests for less than this share of a period is at its limit. */
const rest = 0.03

export class Blame {
  readonly #clock: Clock
  /** Since when requests wait for a place. */
  #blockedAt = Infinity
  /** Since when the loop has not come to rest. */
  #restlessAt = Infinity
  #lookedAt = 0
  #idle = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get blocked(): boolean {
    return this.#blockedAt !== Infinity
  }

  /** A request found no free place. */
  block(now: number): void {
    if (this.blocked) return
    this.#blockedAt = now
    this.#lookedAt = now
    this.#idle = this.#clock.idle()
  }

  /** No request that is due waits any more. */
  unblock(): void {
    this.#blockedAt = Infinity
    this.#restlessAt = Infinity
  }

  /** Of a request that leaves now, in ms. */
  late(due: number, now: number): number {
    if (!this.blocked) return Math.max(0, now - due)
    if (now - this.#lookedAt >= period) this.#look(now)
    const before = Math.max(0, this.#blockedAt - due)
    return before + Math.max(0, now - Math.max(due, this.#blockedAt, this.#restlessAt))
  }

  #look(now: number): void {
    const idle = this.#clock.idle()
    const rested = idle - this.#idle >= (now - this.#lookedAt) * rest
    if (rested) this.#restlessAt = Infinity
    else if (this.#restlessAt === Infinity) this.#restlessAt = this.#lookedAt
    this.#lookedAt = now
    this.#idle = idle
  }
}
