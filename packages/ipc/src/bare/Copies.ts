/**
 * Copies of bytes that somebody may change, for as long as they are being written. The memory is used
 * again: large buffers that come and go are what makes the garbage collector work.
 */

/** Memory that is kept for the next copies, in all. */
const mostSpare = 2 * 1024 * 1024

export class Copies {
  private readonly spare = new Map<number, Array<Buffer>>()
  private spareBytes = 0

  /** A copy, and what to call once it has been written. */
  make(bytes: Uint8Array): readonly [copy: Buffer, done: () => void] {
    const size = 2 ** Math.ceil(Math.log2(bytes.byteLength))
    const kept = this.spare.get(size)?.pop()
    if (kept !== undefined) this.spareBytes -= size
    const memory = kept ?? Buffer.allocUnsafeSlow(size)
    memory.set(bytes)
    return [memory.subarray(0, bytes.byteLength), () => this.keep(memory)]
  }

  private keep(memory: Buffer): void {
    const size = memory.byteLength
    if (this.spareBytes + size > mostSpare) return
    this.spareBytes += size
    const kept = this.spare.get(size)
    if (kept === undefined) this.spare.set(size, [memory])
    else kept.push(memory)
  }
}
