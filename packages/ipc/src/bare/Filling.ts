/**
 * Bytes that arrive in pieces, put together in memory of their own. Memory grows with what has
 * arrived: a peer that announces much and sends little must not take ours.
 */

/** Set aside at once; what is larger grows by four. */
const atFirst = 1024 * 1024

/** Not zeroed: all of it is written before anybody reads it. */
const memory = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)

export class Filling {
  /** All of the memory that is set aside; when full, exactly the bytes. */
  bytes: Uint8Array<ArrayBuffer>
  private have = 0
  private readonly size: number

  /** @param size bytes in all, at least 1 */
  constructor(size: number) {
    this.size = size
    this.bytes = memory(Math.min(size, atFirst))
  }

  get isFull(): boolean {
    return this.have === this.size
  }

  /** Where the next bytes go: one at least, while it is not full. */
  get room(): Uint8Array {
    if (this.have === this.bytes.byteLength && !this.isFull) {
      const larger = memory(Math.min(this.size, 4 * this.have))
      larger.set(this.bytes)
      this.bytes = larger
    }
    return this.bytes.subarray(this.have)
  }

  /** So many bytes were written where there was room. */
  filled(count: number): void {
    this.have += count
  }

  /** Copy what there is room for; answers how many bytes. */
  take(chunk: Uint8Array, from: number): number {
    const { room } = this
    const count = Math.min(room.byteLength, chunk.byteLength - from)
    room.set(chunk.subarray(from, from + count))
    this.have += count
    return count
  }
}
