/**
 * When to give up on threads that die before they have done anything: after more than `times` such
 * deaths within `within` ms. A thread that has run a task before it died does not count, or a pool
 * whose tasks crash would stop. Pure: the time is handed in.
 */
export class Restarts {
  private deaths: Array<number> = []
  private readonly times: number
  private readonly within: number

  constructor(times: number, within: number) {
    this.times = times
    this.within = within
  }

  /** How many of the deaths came one after the other, up to now. */
  get attempt(): number {
    return this.deaths.length
  }

  /** A thread died early. False: enough. */
  died(now: number): boolean {
    this.deaths = this.deaths.filter((at) => now - at < this.within)
    this.deaths.push(now)
    return this.deaths.length <= this.times
  }
}
