/**
 * Reads what stands between the chunks of a body: sizes, extensions and line ends, split anywhere.
 * The data itself is skipped by the caller, `size` bytes of it. As strict as Node's own parser.
 */
import { cr, hexValue, isQuoted, isText, isToken, lf } from "./bytes.ts"

const sizeStart = 0
const sizeDigits = 1
const extension = 2
const extensionName = 3
const extensionValue = 4
const quoted = 5
const quotedPair = 6
const quotedEnd = 7
const sizeLf = 8
const dataCr = 9
const dataLf = 10

const equals = 61
const quote = 34
const backslash = 92
const semicolon = 59

export class Chunks {
  /** Of the chunk whose line is complete; 0 for the last one. */
  size = 0
  /** The line of a chunk's size is complete. */
  complete = false
  problem = ""
  #state = sizeStart

  reset(): void {
    this.size = 0
    this.complete = false
    this.problem = ""
    this.#state = sizeStart
  }

  /** After the data of a chunk. */
  expectNext(): void {
    this.complete = false
    this.size = 0
    this.#state = dataCr
  }

  /** Reads up to the data of the next chunk, or to `to`; answers with where it stopped. */
  read(bytes: Uint8Array, from: number, to: number): number {
    let i = from
    while (i < to) {
      this.#byte(bytes[i] ?? 0)
      i += 1
      if (this.complete || this.problem !== "") break
    }
    return i
  }

  #to(state: number): void {
    this.#state = state
  }

  #fail(problem: string): void {
    this.problem = problem
  }

  #byte(code: number): void {
    switch (this.#state) {
      case sizeStart:
      case sizeDigits:
        return this.#sizeByte(code)
      case sizeLf:
        if (code !== lf) return this.#fail("the size of a chunk ends without LF")
        this.complete = true
        return
      case dataCr:
        return code === cr ? this.#to(dataLf) : this.#fail("a chunk is longer than its size")
      case dataLf:
        return code === lf ? this.#to(sizeStart) : this.#fail("a chunk ends without LF")
      default:
        return this.#extensionByte(code)
    }
  }

  #sizeByte(code: number): void {
    const digit = hexValue[code] ?? 16
    if (digit < 16) {
      this.size = this.size * 16 + digit
      this.#state = sizeDigits
      if (this.size > Number.MAX_SAFE_INTEGER) this.#fail("the size of a chunk is too large")
    } else if (this.#state === sizeDigits && code === cr) {
      this.#state = sizeLf
    } else if (this.#state === sizeDigits && code === semicolon) {
      this.#state = extension
    } else {
      this.#fail("the size of a chunk is not a number")
    }
  }

  #extensionByte(code: number): void {
    const ended = code === cr ? sizeLf : code === semicolon ? extension : -1
    switch (this.#state) {
      case extension:
        if (code === cr) break
        this.#state = extensionName
        return this.#extensionByte(code)
      case extensionName:
        if (isToken[code] === 1) return
        if (code === equals) return this.#to(extensionValue)
        if (ended >= 0) return this.#to(ended)
        break
      case extensionValue:
        if (code === quote) return this.#to(quoted)
        if (isToken[code] === 1) return
        if (ended >= 0) return this.#to(ended)
        break
      case quoted:
        if (code === quote) return this.#to(quotedEnd)
        if (code === backslash) return this.#to(quotedPair)
        if (isQuoted[code] === 1) return
        break
      case quotedPair:
        if (isText[code] === 1) return this.#to(quoted)
        break
      default:
        if (ended >= 0) return this.#to(ended)
    }
    this.#fail("the extension of a chunk is not valid")
  }
}
