/**
 * Looks for a text in a stream of bytes, split anywhere, without keeping any of them (Knuth, Morris
 * and Pratt).
 */
export class Needle {
  found: boolean
  readonly #needle: Uint8Array
  /** How much of the needle still matches after a mismatch behind so many bytes. */
  readonly #fallback: Int32Array
  #matched = 0

  constructor(text: string) {
    this.#needle = Buffer.from(text)
    this.#fallback = new Int32Array(this.#needle.length + 1)
    let matched = 0
    for (let i = 1; i < this.#needle.length; i += 1) {
      matched = this.#step(matched, this.#needle[i] ?? 0)
      this.#fallback[i + 1] = matched
    }
    this.found = this.#needle.length === 0
  }

  #step(from: number, byte: number): number {
    let matched = from
    while (matched > 0 && this.#needle[matched] !== byte) matched = this.#fallback[matched] ?? 0
    return this.#needle[matched] === byte ? matched + 1 : 0
  }

  reset(): void {
    this.#matched = 0
    this.found = this.#needle.length === 0
  }

  push(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to && !this.found; i += 1) {
      this.#matched = this.#step(this.#matched, bytes[i] ?? 0)
      this.found = this.#matched === this.#needle.length
    }
  }
}
