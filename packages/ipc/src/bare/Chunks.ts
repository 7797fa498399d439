/**
 * Bytes that arrive in pieces of any size and leave in pieces of other sizes. A byte is copied once at
 * most; no memory is set aside for what has not arrived.
 */

/** Smaller pieces are put together: many of them would weigh more than their bytes. */
const small = 16 * 1024

export class Chunks {
  length = 0
  private list: Array<Uint8Array> = []

  push(chunk: Uint8Array): void {
    this.length += chunk.byteLength
    let last = chunk
    // Equal neighbours become one, so that each byte moves only a few times.
    for (;;) {
      const before = this.list.at(-1)
      if (before === undefined || last.byteLength > small || before.byteLength > last.byteLength) {
        break
      }
      this.list.pop()
      last = Buffer.concat([before, last])
    }
    this.list.push(last)
  }

  /** The first bytes, at least so many, in one piece; they stay. Only when there are that many. */
  peek(count: number): Buffer {
    const [first] = this.list
    if (first !== undefined && first.byteLength >= count) return asBuffer(first)
    let joined = 0
    let held = 0
    while (held < count) held += this.list[joined++]?.byteLength ?? 0
    const whole = Buffer.concat(this.list.splice(0, joined), held)
    this.list.unshift(whole)
    return whole
  }

  /** Take the first bytes; they may stand in the memory of what arrived with them. */
  take(count: number): Buffer {
    const bytes = this.peek(count)
    this.skip(count)
    return bytes.byteLength === count ? bytes : bytes.subarray(0, count)
  }

  /** Take the first bytes into memory of their own. */
  takeOwn(count: number): Uint8Array {
    // Not zeroed first: all of it is written below.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(count).buffer)
    let at = 0
    for (let i = 0; at < count; i++) {
      const chunk = this.list[i]
      if (chunk === undefined) throw new RangeError("fewer bytes than were asked for")
      const part = chunk.byteLength > count - at ? chunk.subarray(0, count - at) : chunk
      bytes.set(part, at)
      at += part.byteLength
    }
    this.skip(count)
    return bytes
  }

  private skip(count: number): void {
    this.length -= count
    let whole = 0
    let left = count
    for (;;) {
      const chunk = this.list[whole]
      if (chunk === undefined || chunk.byteLength > left) break
      left -= chunk.byteLength
      whole++
    }
    if (whole > 0) this.list.splice(0, whole)
    const [first] = this.list
    if (left > 0 && first !== undefined) this.list[0] = first.subarray(left)
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
