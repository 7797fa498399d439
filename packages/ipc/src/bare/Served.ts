/** The lines of calls that a peer answers, and who waits for one. */
import { isTooMany } from "./Lines.ts"
import { Waiters } from "./Waiters.ts"

export class Served {
  private readonly names = new Set<string>()
  private readonly waiters = new Map<string, Waiters>()

  has(name: string): boolean {
    return this.names.has(name)
  }

  /** The peer serves one more; a sentence when it may not. */
  add(name: string): string | undefined {
    this.names.add(name)
    if (isTooMany(this.names.size, name)) return "too many names"
    const waiters = this.waiters.get(name)
    this.waiters.delete(name)
    waiters?.wake()
    return undefined
  }

  /** Call back once when it is served. Answers how to cancel. */
  once(name: string, callback: () => void): () => void {
    const waiters = this.waiters.get(name) ?? new Waiters()
    this.waiters.set(name, waiters)
    return waiters.add(callback)
  }

  /** Nobody will serve anything any more. */
  wakeAll(): void {
    const all = [...this.waiters.values()]
    this.waiters.clear()
    for (const waiters of all) waiters.wake()
  }
}
