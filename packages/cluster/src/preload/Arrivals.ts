/**
 * Connections that are on their way to this worker. The primary hands it no more when it tells it to
 * drain, and says how many there were in all: what comes on Node's channel may be later than what it says
 * on the pipe.
 */
export class Arrivals {
  private arrived = 0
  private expected = 0
  private readonly listeners = new Set<() => void>()

  constructor() {
    // What had not arrived by then never does.
    process.once("disconnect", () => this.tell())
  }

  /** Nothing is on its way, as far as the primary has said. */
  get isOver(): boolean {
    return this.arrived >= this.expected || !process.connected
  }

  /** One was given to its server, or refused. */
  add(): void {
    this.arrived++
    if (this.arrived === this.expected) this.tell()
  }

  /** So many in all. */
  expect(count: number): void {
    this.expected = count
  }

  onOver(listener: () => void): void {
    this.listeners.add(listener)
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}
