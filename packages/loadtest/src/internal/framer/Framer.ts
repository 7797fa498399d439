/**
 * Finds where HTTP/1.1 answers end in a stream of bytes, split anywhere, and what their status is.
 * Nothing else: headers and bodies are skipped, not kept. It allocates nothing per answer.
 *
 * What counts as an answer is what Node's own strict parser accepts, and a fuzz test holds the two
 * side by side. Different on purpose: a length beyond 2^53 is malformed, no 1xx has a body, and what
 * follows an answer that closes its connection is not looked at.
 *
 * Servers that say the same thing over and over say it with the same head: a head equal to the last
 * one, byte for byte, is not parsed again.
 */
import { Chunks } from "./Chunks.ts"
import { Head } from "./Head.ts"

/** All bytes are used up, in the middle of an answer or between two. */
const more = 0
/** An answer is complete: see `status` and `persistent`; go on at `position`. */
export const done = 1
/** Not HTTP: see `problem`. Nothing more can be read from this connection. */
export const malformed = 2

/** What `next` found. */
export type Outcome = typeof more | typeof done | typeof malformed

/**
 * What it means when the connection ends: between two answers, at the end of an answer that was to
 * end so, or in the middle of a head or a body.
 */
export type End = "idle" | "complete" | "head" | "body"

/** Endless heads take no memory, but they are no answer either. */
const maxHead = 64 * 1024
/** The longest head that is remembered. */
const maxMemo = 2048
/** After so many heads in a row that were all different, most are not remembered any more. */
const maxMisses = 16

const inHead = 0
const inBody = 1
const untilEnd = 2
const inChunkLine = 3
const inChunk = 4
const inTrailers = 5
const broken = 6

export class Framer {
  /** Of the last answer. */
  status = 0
  /** Whether the connection may be used again after the last answer. */
  persistent = true
  /** Where to go on after `done`. */
  position = 0
  /** Why it is malformed. */
  problem = ""
  /** Set by the caller: the next answer is to a HEAD request. */
  bodiless = false
  /** Set by the caller, if it wants to see bodies: called with each piece of one. */
  onBody: ((bytes: Buffer, from: number, to: number) => void) | undefined = undefined

  readonly #head = new Head()
  readonly #chunks = new Chunks()
  #state = inHead
  /** Bytes of the body, or of the chunk, that are to come. */
  #left = 0

  // The last head, when it came in one piece and its body has a length.
  readonly #memo = Buffer.alloc(maxMemo)
  #memoSize = 0
  #memoStatus = 0
  #memoLength = 0
  #misses = 0

  /** For a new connection. The last head is remembered. */
  reset(): void {
    this.#state = inHead
    this.#head.reset()
    this.problem = ""
  }

  /** What it means when the connection ends here. */
  end(): End {
    if (this.#state === untilEnd) return "complete"
    if (this.#state !== inHead) return "body"
    return this.#head.begun ? "head" : "idle"
  }

  next(bytes: Buffer, from: number, to: number): Outcome {
    let i = from
    while (i < to) {
      switch (this.#state) {
        case inHead: {
          const known = this.#memoSize
          if (known > 0 && this.#isRemembered(bytes, i, to)) {
            const end = i + known + (this.bodiless ? 0 : this.#memoLength)
            if (end <= to && this.onBody === undefined) {
              this.position = end
              return done
            }
            i += known
            this.#left = end - i
            if (this.#left === 0) return this.#finish(i)
            this.#state = inBody
            break
          }
          const begin = i
          const whole = this.#head.size === 0
          i = this.#head.read(bytes, i, to)
          if (this.#head.problem !== "") return this.#fail(this.#head.problem)
          if (this.#head.size > maxHead) return this.#fail("its head is too long")
          if (!this.#head.complete) return more
          const ended = this.#endHead()
          if (whole) this.#remember(bytes, begin, i)
          if (ended) return this.#finish(i)
          break
        }
        case inBody:
        case inChunk: {
          const size = Math.min(this.#left, to - i)
          if (this.onBody !== undefined) this.onBody(bytes, i, i + size)
          i += size
          this.#left -= size
          if (this.#left > 0) return more
          if (this.#state === inBody) return this.#finish(i)
          this.#chunks.expectNext()
          this.#state = inChunkLine
          break
        }
        case untilEnd:
          if (this.onBody !== undefined) this.onBody(bytes, i, to)
          return more
        case inChunkLine:
          i = this.#chunks.read(bytes, i, to)
          if (this.#chunks.problem !== "") return this.#fail(this.#chunks.problem)
          if (!this.#chunks.complete) return more
          this.#left = this.#chunks.size
          this.#state = this.#left > 0 ? inChunk : inTrailers
          if (this.#left === 0) this.#head.expectTrailers()
          break
        case inTrailers:
          i = this.#head.read(bytes, i, to)
          if (this.#head.problem !== "") return this.#fail(this.#head.problem)
          if (this.#head.size > maxHead) return this.#fail("its trailers are too long")
          if (!this.#head.complete) return more
          return this.#finish(i)
        default:
          return malformed
      }
    }
    return more
  }

  /** Whether the answer ends with its head. */
  #endHead(): boolean {
    const head = this.#head
    const { status } = head
    const { chunked, encoded, length } = head.fields
    this.#left = 0
    if (status >= 100 && status < 200 && status !== 101) {
      // Not the answer yet, only a notice.
      head.reset()
      return false
    }
    this.status = status
    this.persistent = head.persistent
    if (status === 101) {
      this.persistent = false
      return true
    }
    if (this.bodiless || status === 204 || status === 304) return true
    if (chunked) {
      this.#chunks.reset()
      this.#state = inChunkLine
      return false
    }
    if (length >= 0 && !encoded) {
      this.#left = length
      this.#state = inBody
      return length === 0
    }
    this.persistent = false
    this.#state = untilEnd
    return false
  }

  #finish(position: number): Outcome {
    this.#state = inHead
    this.#head.reset()
    this.position = position
    return done
  }

  #fail(problem: string): Outcome {
    this.problem = problem
    this.#state = broken
    return malformed
  }

  #isRemembered(bytes: Buffer, from: number, to: number): boolean {
    const size = this.#memoSize
    if (to - from < size || this.#head.size > 0) return false
    if (bytes.compare(this.#memo, 0, size, from, from + size) !== 0) return false
    this.#misses = 0
    this.status = this.#memoStatus
    this.persistent = true
    return true
  }

  #remember(bytes: Buffer, from: number, to: number): void {
    const state: number = this.#state
    if (!this.#head.complete || (state !== inHead && state !== inBody)) return
    this.#misses += 1
    // What an answer to HEAD says about a body is not what it has.
    if (this.bodiless || !this.persistent || to - from > maxMemo) return
    if (this.#misses > maxMisses && this.#misses % 64 !== 0) return
    bytes.copy(this.#memo, 0, from, to)
    this.#memoSize = to - from
    this.#memoStatus = this.status
    this.#memoLength = this.#left
  }
}
