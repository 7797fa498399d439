/**
 * When to give up on threads that die before they have done anything: after more than `times` such
 * deaths within `within` ms. A thread that has run a task before it died does not count, or a pool
 * whose tasks crash would stop; nor does the time that threads took to start and did not, or a pool
 * whose threads hang until `startTimeout` would never stop. Pure: the time is handed in.
 */
export class Restarts {
  private deaths: Array<number> = []
  private readonly times: number
  private readonly within: number
  /** ms that threads spent on starts which failed. */
  private spent = 0

  constructor(times: number, within: number) {
    this.times = times
    this.within = within
  }

  /** How many of the deaths came one after the other, up to now. */
  get attempt(): number {
    return this.deaths.length
  }

  /**
   * A thread died early. False: enough.
   *
   * @param spent ms that it had been starting; 0 for one that had started
   */
  died(now: number, spent: number): boolean {
    this.spent += spent
    const at = now - this.spent
    this.deaths = this.deaths.filter((before) => at - before < this.within)
    this.deaths.push(at)
    return this.deaths.length <= this.times
  }
}
