/**
 * The connections of a generator. A slot is what `connections` of a plan counts: it may have so many
 * requests in flight as `pipelining` says, and holds one connection to each origin that it was sent
 * to. It also remembers how often it failed in a row.
 */
import { backoff } from "./backoff.ts"
import { Connection, type Shared } from "./Connection.ts"

export class Slots {
  readonly size: number
  readonly #shared: Shared
  readonly #origins: number
  readonly #connections: Array<Connection | undefined>
  readonly #inFlight: Int32Array
  readonly #failures: Int32Array
  #total = 0

  constructor(shared: Shared, size: number, origins: number) {
    this.#shared = shared
    this.size = size
    this.#origins = origins
    this.#connections = Array.from({ length: size * origins })
    this.#inFlight = new Int32Array(size)
    this.#failures = new Int32Array(size)
  }

  /** Requests without a complete answer. */
  get inFlight(): number {
    return this.#total
  }

  /** The same, without those that were due before a time. */
  inFlightSince(since: number): number {
    let count = 0
    for (const connection of this.#connections) count += connection?.inFlight(since) ?? 0
    return count
  }

  isFull(slot: number): boolean {
    return (this.#inFlight[slot] ?? 0) >= this.#shared.pipelining
  }

  #connection(slot: number, origin: number): Connection {
    const at = slot * this.#origins + origin
    let connection = this.#connections[at]
    if (connection === undefined) {
      connection = new Connection(this.#shared, slot, origin)
      this.#connections[at] = connection
    }
    return connection
  }

  /** Opens one connection of a slot. */
  openAhead(slot: number): void {
    this.#connection(slot, 0).openAhead()
  }

  request(slot: number, route: number, due: number, now: number): void {
    this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) + 1
    this.#total += 1
    const origin = this.#shared.requests[route]?.origin ?? 0
    this.#connection(slot, origin).request(route, due, now)
  }

  settled(slot: number): void {
    this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) - 1
    this.#total -= 1
    this.#failures[slot] = 0
  }

  /** Answers with how long the slot should rest, in ms. */
  broken(slot: number, lost: number, reached: boolean, waited: boolean): number {
    this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) - lost
    this.#total -= lost
    const failures = (this.#failures[slot] ?? 0) + 1
    this.#failures[slot] = failures
    // A request that timed out has waited long enough.
    return waited ? 0 : backoff(reached ? failures : failures + 1)
  }

  /** Slots that were never used. */
  get unused(): number {
    let used = 0
    let last = -1
    this.#connections.forEach((connection, at) => {
      const slot = Math.floor(at / this.#origins)
      if (connection === undefined || slot === last) return
      used += 1
      last = slot
    })
    return this.size - used
  }

  expire(now: number): void {
    for (const connection of this.#connections) connection?.expire(now)
  }

  destroy(): void {
    for (const connection of this.#connections) connection?.destroy()
    this.#inFlight.fill(0)
    this.#total = 0
  }
}
