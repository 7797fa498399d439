/**
 * Free places on connections: each slot has as many as `pipelining` says.
 *
 * When all connections are open from the beginning, the one that was free for the longest is taken,
 * so that all of them work alike. When they are opened as needed, the one that was used last, so that
 * no more are opened than are needed.
 */
export class Places {
  readonly #ring: Int32Array
  readonly #oldestFirst: boolean
  #first = 0
  #count = 0

  constructor(slots: number, pipelining: number, oldestFirst: boolean) {
    this.#ring = new Int32Array(slots * pipelining)
    this.#oldestFirst = oldestFirst
    for (let round = 0; round < pipelining; round += 1) {
      // The first slot is to be taken first, in either order.
      for (let i = 0; i < slots; i += 1) this.give(oldestFirst ? i : slots - 1 - i)
    }
  }

  /** The slot of a free place, which is taken now; `undefined` when there is none. */
  take(): number | undefined {
    if (this.#count === 0) return undefined
    this.#count -= 1
    if (!this.#oldestFirst) return this.#ring[this.#count]
    const slot = this.#ring[this.#first]
    this.#first = this.#first + 1 === this.#ring.length ? 0 : this.#first + 1
    return slot
  }

  give(slot: number): void {
    const at = this.#oldestFirst ? this.#first + this.#count : this.#count
    this.#ring[at >= this.#ring.length ? at - this.#ring.length : at] = slot
    this.#count += 1
  }
}
