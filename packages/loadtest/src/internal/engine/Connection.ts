/**
 * One connection of a generator: sends requests, reads their answers in order, and says of each how
 * it ended. It opens itself when it has something to send, also again after it broke; how long to
 * wait before that is its owner's business.
 *
 * When it breaks, each of its requests that have no complete answer fails in the same class. Its
 * parser and its queue start anew with each opening.
 */
import { done, Framer, malformed } from "../framer/Framer.ts"
import * as Failure from "./Failure.ts"
import type { Route } from "./Job.ts"
import { Needle } from "./Needle.ts"
import { phrases } from "./phrases.ts"
import type { Tally } from "./Tally.ts"
import type { Clock, Dial, Events, Stage, Wire } from "./Wire.ts"

/** A route, ready to be sent. */
export interface Request extends Omit<Route, "bytes"> {
  readonly bytes: Buffer
}

export interface Owner {
  /** It was opened ahead of its first request, or could not be. */
  readonly opened: (slot: number) => void
  /** A connection is open: somebody is there. */
  readonly connected: () => void
  /** An answer is complete; the connection takes another request. */
  readonly settled: (slot: number) => void
  /** It broke and lost so many requests. `reached`: there is a server; `waited`: it timed out. */
  readonly broken: (slot: number, lost: number, reached: boolean, waited: boolean) => void
}

/** What all connections of a generator share. */
export interface Shared {
  readonly dial: Dial
  readonly clock: Clock
  readonly tally: Tally
  readonly owner: Owner
  readonly requests: ReadonlyArray<Request>
  readonly pipelining: number
  readonly keepAlive: boolean
  readonly timeout: number
}

const closed = 0
const opening = 1
const open = 2

/** Classes of failure that leave it open whether anybody is there at all. */
const unreached = new Set(["refused", "dns", "connectTimeout", "tls", "other"])

export class Connection {
  readonly #shared: Shared
  readonly #slot: number
  readonly #origin: number
  readonly #framer = new Framer()
  readonly #events: Events
  #wire: Wire | undefined = undefined
  #state = closed
  /** Answers on this opening of the connection. */
  #answers = 0
  #dialedAt = 0
  /** Opened ahead, so that nobody waits for an answer. */
  #ahead = false
  /** Bytes of the answer that is not complete. */
  #partial = 0

  // Requests without a complete answer, the oldest first.
  readonly #mask: number
  readonly #routes: Int32Array
  readonly #dues: Float64Array
  readonly #sents: Float64Array
  #first = 0
  #count = 0
  /** What the body of each route's answers must contain. */
  readonly #needles: ReadonlyArray<Needle | undefined>

  constructor(shared: Shared, slot: number, origin: number) {
    this.#shared = shared
    this.#slot = slot
    this.#origin = origin
    const size = 2 ** Math.ceil(Math.log2(shared.pipelining))
    this.#mask = size - 1
    this.#routes = new Int32Array(size)
    this.#dues = new Float64Array(size)
    this.#sents = new Float64Array(size)
    this.#needles = shared.requests.map(({ contains }) =>
      contains === undefined ? undefined : new Needle(contains),
    )
    this.#events = {
      connected: () => this.#connected(),
      bytes: (buffer, size) => this.#bytes(buffer, size),
      ended: () => this.#ended(),
      failed: (cause, stage) => this.#failed(cause, stage),
    }
  }

  /** Requests without a complete answer that were due at a time or later. */
  inFlight(since: number): number {
    let count = 0
    for (let i = 0; i < this.#count; i += 1) {
      if ((this.#dues[(this.#first + i) & this.#mask] ?? 0) >= since) count += 1
    }
    return count
  }

  /** Opens it ahead of its first request. */
  openAhead(): void {
    this.#ahead = true
    this.#dial()
  }

  /** At most as many at a time as `pipelining` allows. `due`: when it should have been sent. */
  request(index: number, due: number, now: number): void {
    const at = (this.#first + this.#count) & this.#mask
    const request = this.#request(index)
    this.#routes[at] = index
    this.#dues[at] = due
    this.#sents[at] = now
    this.#count += 1
    this.#shared.tally.sent(index, due, request.bytes.length)
    if (this.#state === open) this.#wire?.write(request.bytes)
    else if (this.#state === closed) this.#dial()
    if (this.#count === 1) this.#expect()
  }

  /** Gives up what has waited too long. */
  expire(now: number): void {
    const { timeout } = this.#shared
    if (this.#state === opening) {
      if (now - this.#dialedAt < timeout) return
    } else if (this.#count === 0 || now - (this.#sents[this.#first] ?? 0) < timeout) {
      return
    }
    this.#break(Failure.ofTimeout(this.#state === open, timeout), true)
  }

  /** Closes it; nothing is told to anybody any more. */
  destroy(): void {
    this.#countPartial()
    this.#wire?.destroy()
    this.#wire = undefined
    this.#state = closed
    this.#count = 0
  }

  #request(index: number): Request {
    const request = this.#shared.requests[index]
    if (request === undefined) throw new RangeError(`there is no route ${index}`)
    return request
  }

  #dial(): void {
    this.#state = opening
    this.#answers = 0
    this.#partial = 0
    this.#framer.reset()
    this.#dialedAt = this.#shared.clock.now()
    this.#wire = this.#shared.dial(this.#origin, this.#events)
  }

  #close(): void {
    this.#wire?.destroy()
    this.#wire = undefined
    this.#state = closed
  }

  #connected(): void {
    this.#state = open
    this.#shared.owner.connected()
    if (this.#count > 0) {
      const now = this.#shared.clock.now()
      for (let i = 0; i < this.#count; i += 1) {
        const at = (this.#first + i) & this.#mask
        this.#sents[at] = now
        this.#wire?.write(this.#request(this.#routes[at] ?? 0).bytes)
      }
    }
    this.#tellAhead()
  }

  #tellAhead(): void {
    if (!this.#ahead) return
    this.#ahead = false
    this.#shared.owner.opened(this.#slot)
  }

  /** Prepares for the answer to the oldest request. */
  #expect(): void {
    const index = this.#routes[this.#first] ?? 0
    this.#framer.bodiless = this.#request(index).head
    const needle = this.#needles[index]
    if (needle !== undefined) {
      needle.reset()
      this.#framer.onBody = (bytes, from, to) => needle.push(bytes, from, to)
    } else if (this.#framer.onBody !== undefined) {
      this.#framer.onBody = undefined
    }
  }

  #bytes(buffer: Buffer, size: number): void {
    const framer = this.#framer
    const now = this.#shared.clock.now()
    let at = 0
    while (at < size) {
      if (this.#count === 0) {
        // An answer that nobody asked for, such as a server's notice that it closes.
        this.#close()
        return
      }
      const outcome = framer.next(buffer, at, size)
      if (outcome !== done) {
        this.#partial += size - at
        if (outcome === malformed) this.#break(Failure.ofBytes(framer.problem), false)
        return
      }
      const bytes = this.#partial + framer.position - at
      at = framer.position
      this.#partial = 0
      if (!this.#settle(now, bytes)) return
    }
  }

  /** The oldest request has its answer. Whether the connection goes on. */
  #settle(now: number, bytes: number): boolean {
    const framer = this.#framer
    const { keepAlive, owner } = this.#shared
    const first = this.#first
    this.#first = (first + 1) & this.#mask
    this.#count -= 1
    this.#answers += 1
    this.#record(first, framer.status, now, bytes)
    const goesOn = keepAlive && framer.persistent
    if (!goesOn) {
      this.#close()
      // Pipelined behind an answer that closes the connection.
      if (this.#count > 0) this.#break(Failure.ofEnd("idle", true), false)
    } else if (this.#count > 0) {
      this.#expect()
    }
    owner.settled(this.#slot)
    return goesOn && this.#state === open
  }

  #record(at: number, status: number, now: number, bytes: number): void {
    const index = this.#routes[at] ?? 0
    const request = this.#request(index)
    let failure: "" | "status" | "check" = ""
    let example = ""
    if (request.expected[status] !== 1) {
      failure = "status"
      example = `${status} ${phrases[status] ?? ""}`.trim()
    } else if (this.#needles[index]?.found === false) {
      failure = "check"
      example = `the body does not contain ${JSON.stringify(request.contains)}`
    }
    const due = this.#dues[at] ?? 0
    const sentAt = this.#sents[at] ?? 0
    this.#shared.tally.answered(index, status, failure, example, due, sentAt, now, bytes)
  }

  #ended(): void {
    const end = this.#framer.end()
    if (this.#count === 0) return this.#close()
    if (end !== "complete") return this.#break(Failure.ofEnd(end, this.#answers > 0), false)
    const bytes = this.#partial
    this.#partial = 0
    this.#settle(this.#shared.clock.now(), bytes)
  }

  #failed(cause: unknown, stage: Stage): void {
    if (this.#count === 0) {
      this.#close()
      this.#tellAhead()
      return
    }
    const failure = Failure.ofCause(cause, stage)
    const reused = failure.class === "reset" && this.#answers > 0
    this.#break(
      reused ? { ...failure, example: `${failure.example} (on a kept-alive connection)` } : failure,
      false,
    )
  }

  /** What came of an answer that never was complete. */
  #countPartial(): void {
    if (this.#count === 0 || this.#partial === 0) return
    const at = this.#first
    this.#shared.tally.received(this.#routes[at] ?? 0, this.#dues[at] ?? 0, this.#partial)
    this.#partial = 0
  }

  #break(failure: Failure.Failure, waited: boolean): void {
    this.#countPartial()
    this.#close()
    const lost = this.#count
    for (let i = 0; i < lost; i += 1) {
      const at = (this.#first + i) & this.#mask
      const index = this.#routes[at] ?? 0
      this.#shared.tally.failed(index, this.#dues[at] ?? 0, failure.class, failure.example)
    }
    this.#first = 0
    this.#count = 0
    this.#tellAhead()
    if (lost > 0) {
      this.#shared.owner.broken(this.#slot, lost, !unreached.has(failure.class), waited)
    }
  }
}
