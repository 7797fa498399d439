/**
 * The calls in flight, by their numbers. A `Map` would do, but each time it grows or tidies up it
 * leaves a table behind that holds on to a thousand calls until the next full collection, and with
 * many calls in flight that is most of what the collector does.
 *
 * @since 0.1.0
 */

/** Calls of one thread have different numbers, so that several tables may share a line. */
let lastId = 0

export class CallTable<Call> {
  size = 0
  private ids = new Float64Array(64)
  private calls: Array<Call | undefined> = Array.from({ length: 64 })

  /** Keep a call; answers its number. */
  add(call: Call): number {
    if (this.size * 2 >= this.calls.length) this.grow()
    const mask = this.calls.length - 1
    let id = ++lastId
    // A call that takes very long keeps its place; the number that would fall on it is left out.
    while (this.calls[id & mask] !== undefined) id = ++lastId
    this.ids[id & mask] = id
    this.calls[id & mask] = call
    this.size++
    return id
  }

  /** The call of this number, which is then forgotten. */
  take(id: number): Call | undefined {
    const place = id & (this.calls.length - 1)
    if (this.ids[place] !== id) return undefined
    const call = this.calls[place]
    if (call === undefined) return undefined
    this.calls[place] = undefined
    this.size--
    return call
  }

  /** All calls, which are then forgotten, the oldest first. */
  takeAll(): ReadonlyArray<Call> {
    const { calls, ids } = this
    this.calls = Array.from({ length: calls.length })
    this.size = 0
    return calls
      .flatMap((call, place) => (call === undefined ? [] : [{ call, id: ids[place] ?? 0 }]))
      .toSorted((a, b) => a.id - b.id)
      .map(({ call }) => call)
  }

  /** Numbers that differ in their lower bits still do with one bit more. */
  private grow(): void {
    const { calls, ids } = this
    const length = 2 * calls.length
    this.calls = Array.from({ length })
    this.ids = new Float64Array(length)
    for (const [place, call] of calls.entries()) {
      const id = ids[place] ?? 0
      if (call === undefined) continue
      this.calls[id & (length - 1)] = call
      this.ids[id & (length - 1)] = id
    }
  }
}
