/** Who is to be called back once, when something has become so. */
export class Waiters {
  private readonly callbacks = new Set<() => void>()

  get isEmpty(): boolean {
    return this.callbacks.size === 0
  }

  /** Answers how to cancel. */
  add(callback: () => void): () => void {
    this.callbacks.add(callback)
    return () => this.callbacks.delete(callback)
  }

  wake(): void {
    const callbacks = [...this.callbacks]
    this.callbacks.clear()
    for (const callback of callbacks) callback()
  }
}
