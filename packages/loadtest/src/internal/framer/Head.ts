/**
 * Reads the head of an answer byte by byte, split anywhere: its status, and what its headers say
 * about the length of its body and the future of its connection. Reads trailers too.
 *
 * It is as strict as Node's own parser (llhttp without lenient flags).
 */
import { bytesOf, colon, cr, isDigit, isText, isToken, lf, lower, space, tab } from "./bytes.ts"
import { connection, contentLength, Fields, plain, transferEncoding } from "./Fields.ts"

const start = 0
const protocol = 1
const major = 2
const dot = 3
const minor = 4
const afterVersion = 5
const statusDigits = 6
const afterStatus = 7
const reason = 8
const statusLf = 9
const firstLine = 10
const lineStart = 11
const name = 12
const valueStart = 13
const value = 14
const valueLf = 15
const afterLine = 16
const headLf = 17

const httpSlash = bytesOf("HTTP/")

const names: ReadonlyArray<readonly [Uint8Array, number]> = [
  [bytesOf("content-length"), contentLength],
  [bytesOf("transfer-encoding"), transferEncoding],
  [bytesOf("connection"), connection],
  [bytesOf("proxy-connection"), connection],
]
const noName = bytesOf("")

const idOf = (name: Uint8Array): number => {
  for (const [candidate, id] of names) if (candidate === name) return id
  return plain
}

export class Head {
  status = 0
  readonly fields = new Fields()
  /** Bytes so far. */
  size = 0
  complete = false
  /** What is wrong with it; nothing more is read then. */
  problem = ""

  #state = start
  #index = 0
  #major = 0
  #minor = 0
  #name = noName

  /** To the first byte of the next answer. */
  reset(): void {
    this.status = 0
    this.fields.reset()
    this.size = 0
    this.complete = false
    this.problem = ""
    this.#state = start
    this.#index = 0
  }

  /** To the first byte of the trailers of this answer. */
  expectTrailers(): void {
    this.complete = false
    this.#state = lineStart
  }

  /** Whether an answer without an explicit wish to keep the connection closes it. */
  get persistent(): boolean {
    return this.#major > 0 && this.#minor > 0 ? !this.fields.close : this.fields.keepAlive
  }

  /** Whether it has begun: line ends before an answer are nothing. */
  get begun(): boolean {
    return this.#state !== start
  }

  /** Reads up to the end of the head, or to `to`; answers with where it stopped. */
  read(bytes: Uint8Array, from: number, to: number): number {
    let i = from
    while (i < to) {
      const code = bytes[i] ?? 0
      if (this.#state === value && this.fields.skips && isText[code] === 1) {
        i += 1
        while (i < to && isText[bytes[i] ?? 0] === 1) i += 1
        continue
      }
      i += 1
      if (this.#state < firstLine) this.#statusLine(code)
      else this.#headerLine(code)
      if (this.complete || this.problem !== "") break
    }
    this.size += i - from
    return i
  }

  #fail(problem: string): void {
    this.problem = problem
  }

  #statusLine(code: number): void {
    switch (this.#state) {
      case start:
        if (code === cr || code === lf) return
        this.#index = 0
        this.#state = protocol
        return this.#protocol(code)
      case protocol:
        return this.#protocol(code)
      case major:
        if (!isDigit(code)) return this.#fail("it has no HTTP version")
        this.#major = code - 48
        this.#state = dot
        return
      case dot:
        if (code !== 46) return this.#fail("it has no HTTP version")
        this.#state = minor
        return
      case minor:
        if (!isDigit(code)) return this.#fail("it has no HTTP version")
        this.#minor = code - 48
        this.#state = afterVersion
        return this.#checkVersion()
      case afterVersion:
        if (code !== space) return this.#fail("no space follows the HTTP version")
        this.#index = 0
        this.#state = statusDigits
        return
      case statusDigits:
        if (!isDigit(code)) return this.#fail("its status is not a number")
        this.status = this.status * 10 + code - 48
        this.#index += 1
        if (this.#index === 3) this.#state = afterStatus
        return
      case afterStatus:
        if (code === space) this.#state = reason
        else if (code === cr) this.#state = statusLf
        else this.#fail("its status is not followed by a reason")
        return
      case reason:
        if (code === cr) this.#state = statusLf
        else if (code === lf) this.#fail("its first line ends without CR")
        return
      default:
        if (code !== lf) return this.#fail("its first line ends without LF")
        this.#state = firstLine
    }
  }

  #protocol(code: number): void {
    if (code !== httpSlash[this.#index]) return this.#fail("it does not begin with HTTP/")
    this.#index += 1
    if (this.#index === httpSlash.length) this.#state = major
  }

  #checkVersion(): void {
    const version = this.#major * 10 + this.#minor
    if (version !== 11 && version !== 10 && version !== 20 && version !== 9) {
      this.#fail("its HTTP version does not exist")
    }
  }

  #headerLine(code: number): void {
    switch (this.#state) {
      case firstLine:
        if (code === space) return this.#fail("a space follows its first line")
        return this.#lineStart(code)
      case lineStart:
        return this.#lineStart(code)
      case name:
        return this.#nameByte(code)
      case valueStart:
        if (code === space || code === tab) return
        this.#state = value
        this.fields.first(code)
        return this.#afterValueByte(code)
      case value:
        this.fields.byte(code)
        return this.#afterValueByte(code)
      case valueLf:
        if (code !== lf) return this.#fail("a header ends without LF")
        this.#state = afterLine
        return
      case afterLine:
        if (code === space || code === tab) return this.#fail("a header goes on in the next line")
        return this.#lineStart(code)
      default:
        if (code !== lf) return this.#fail("the head ends without LF")
        this.complete = true
    }
  }

  #lineStart(code: number): void {
    if (code === cr) {
      this.#state = headLf
      return
    }
    if (isToken[code] !== 1) return this.#fail("the name of a header is not valid")
    this.#state = name
    this.#index = 0
    this.#name = noName
    const first = lower(code)
    for (const [candidate] of names) if (candidate[0] === first) this.#name = candidate
    // "connection" and "content-length" begin alike: which of them it is shows at their fourth byte.
    this.#index = 1
  }

  #nameByte(code: number): void {
    if (code === colon) {
      this.fields.begin(this.#index === this.#name.length ? idOf(this.#name) : plain)
      this.#state = valueStart
      if (this.fields.problem !== "") this.#fail(this.fields.problem)
      return
    }
    if (isToken[code] !== 1) return this.#fail("the name of a header is not valid")
    const byte = lower(code)
    if (this.#name !== noName && this.#name[this.#index] !== byte) this.#name = this.#other(byte)
    this.#index += 1
  }

  /** Another name with the same beginning that goes on with this byte. */
  #other(byte: number): Uint8Array {
    for (const [candidate] of names) {
      if (candidate[this.#index] !== byte) continue
      let same = true
      for (let i = 0; i < this.#index; i += 1) if (candidate[i] !== this.#name[i]) same = false
      if (same) return candidate
    }
    return noName
  }

  #afterValueByte(code: number): void {
    if (code === cr) this.#state = valueLf
    if (this.fields.problem !== "") this.#fail(this.fields.problem)
  }
}
