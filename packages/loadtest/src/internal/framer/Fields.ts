/**
 * What the headers of an answer say about the length of its body and the future of its connection:
 * Content-Length, Transfer-Encoding and Connection, read byte by byte.
 */
import { bytesOf, comma, cr, isDigit, isText, lower, space, tab } from "./bytes.ts"

/** The headers that matter. */
export const plain = 0
export const contentLength = 1
export const transferEncoding = 2
export const connection = 3

const chunkedToken = bytesOf("chunked")
const closeToken = bytesOf("close")
const keepAliveToken = bytesOf("keep-alive")
/** A token that is none of those looked for, up to the next comma. */
const otherToken = -1
/** After the comma that follows an encoding. */
const beforeToken = -2

export class Fields {
  /** -1 when there is none. */
  length = -1
  /** A Transfer-Encoding was given, and whether it ends in `chunked`. */
  encoded = false
  chunked = false
  close = false
  keepAlive = false
  problem = ""

  #header = plain
  /** How many bytes of the token that is looked for were seen. */
  #token = 0
  #candidate = closeToken
  /** White space was seen after a number or a token. */
  #spaced = false

  reset(): void {
    this.length = -1
    this.encoded = false
    this.chunked = false
    this.close = false
    this.keepAlive = false
    this.problem = ""
  }

  /** Whether the value of the header that was begun can be skipped. */
  get skips(): boolean {
    return this.#header === plain
  }

  /** At the colon that follows the name of a header. */
  begin(header: number): void {
    this.#header = header
    if (
      (header === contentLength && this.encoded) ||
      (header === transferEncoding && this.length >= 0)
    ) {
      this.#fail("it has both a Content-Length and a Transfer-Encoding")
    }
  }

  /** The first byte of the value that is no white space. */
  first(code: number): void {
    if (code === cr) {
      if (this.#header === contentLength) return this.#fail("its Content-Length is empty")
      if (this.#header === transferEncoding) return this.#fail("its Transfer-Encoding is empty")
    }
    if (this.#header === contentLength) {
      if (this.length >= 0) return this.#fail("it has two Content-Lengths")
      if (!isDigit(code)) return this.#fail("its Content-Length is not a number")
      this.length = 0
    } else if (this.#header === transferEncoding) {
      this.encoded = true
      this.chunked = false
    }
    this.#token = 0
    this.#spaced = false
    this.byte(code)
  }

  /** Each byte of the value, with the CR at its end. */
  byte(code: number): void {
    if (code === cr) {
      if (this.#header === connection) this.#endConnection()
      if (this.#header === transferEncoding) this.chunked = this.#token === chunkedToken.length
      return
    }
    if (isText[code] !== 1) return this.#fail("the value of a header is not valid")
    if (this.#header === contentLength) this.#lengthByte(code)
    else if (this.#header === transferEncoding) this.#encodingByte(code)
    else if (this.#header === connection) this.#connectionByte(code)
  }

  /** Digits, then nothing but white space. */
  #lengthByte(code: number): void {
    if (code === space || code === tab) {
      this.#spaced = true
      return
    }
    if (!isDigit(code) || this.#spaced) return this.#fail("its Content-Length is not a number")
    this.length = this.length * 10 + code - 48
    if (this.length > Number.MAX_SAFE_INTEGER) this.#fail("its Content-Length is too large")
  }

  /** Looks for `chunked` as the last one of a list. */
  #encodingByte(code: number): void {
    if (this.#token === beforeToken) {
      if (code === space || code === tab) return
      this.#token = 0
    }
    if (this.#token === chunkedToken.length) {
      if (code === space) return
      this.#token = code === comma ? beforeToken : otherToken
      return
    }
    if (this.#token !== otherToken && lower(code) === chunkedToken[this.#token]) {
      this.#token += 1
      return
    }
    this.#token = code === comma ? beforeToken : otherToken
  }

  /** Looks for `close` and `keep-alive` in a list. */
  #connectionByte(code: number): void {
    if (code === comma) {
      this.#endConnection()
      this.#token = 0
      return
    }
    if (this.#token === otherToken) return
    if (code === space || code === tab) {
      const inside = this.#token > 0 && this.#token !== this.#candidate.length
      if (inside) this.#token = otherToken
      // White space between a whole token and its comma; another word must not follow.
      else if (this.#token > 0) this.#spaced = true
      return
    }
    const byte = lower(code)
    if (this.#token === 0) {
      this.#spaced = false
      this.#candidate = byte === closeToken[0] ? closeToken : keepAliveToken
    }
    if (!this.#spaced && byte === this.#candidate[this.#token]) this.#token += 1
    else this.#token = otherToken
  }

  #endConnection(): void {
    if (this.#token <= 0 || this.#token !== this.#candidate.length) return
    if (this.#candidate === closeToken) this.close = true
    else this.keepAlive = true
  }

  #fail(problem: string): void {
    this.problem = problem
  }
}
