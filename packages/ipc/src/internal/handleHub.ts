/**
 * What is said about handles over one end of Node's IPC channel, both ways; synchronous, free of
 * Effect fibers. `handleProtocol` has the messages, `Handle` is its public face.
 *
 * Starts nothing but, while a peer is going, a timer of one second.
 */
import { Predicate, Semaphore } from "effect"

import type * as Plain from "../bare/CloseReason.ts"
import {
  cmd,
  type Frame,
  type HandleEnd,
  isFrame,
  type Offer,
  type Said,
} from "./handleProtocol.ts"
import { canCarry, isRaw, type RawHandle } from "./rawHandle.ts"
import { watchEnd } from "./watchEnd.ts"

export type Outcome =
  | { readonly _tag: "Accepted" }
  | {
      readonly _tag: "Refused"
      readonly why: "NotTaken" | "InvalidMessage"
      readonly detail: string
    }
  | { readonly _tag: "Gone"; readonly left: boolean; readonly reason: Plain.CloseReason }
  | { readonly _tag: "Unsendable"; readonly detail: string }

interface Sent {
  left: boolean
  /** Closes the sender's own. */
  readonly close: () => void
  readonly settle: (outcome: Outcome) => void
}

/** Who waits for a handle of one name. */
export interface Taker {
  /** Whether the message of an offer is one; else what is wrong with it. */
  readonly inspect: (said: Said) => string | undefined
  readonly give: (said: Said, raw: RawHandle) => void
  readonly gone: (reason: Plain.CloseReason) => void
}

interface Received {
  readonly said: Said
  readonly raw: RawHandle
  /** Set once it was accepted; then it waits for the commit. */
  taker?: Taker
}

/** The peer is gone, or its end of the channel is: not an error of this handle. */
const lostPeer = new Set(["EPIPE", "ECONNRESET", "ERR_IPC_CHANNEL_CLOSED", "ERR_IPC_DISCONNECTED"])

/** A peer that keeps to the protocol has one offer open; one that does not gets no more descriptors. */
const maxOffers = 16

const nop = () => {}

export class HandleHub {
  readonly peer: string
  /** One handle under way at a time: Node queues all that is said after it. */
  readonly turn = Semaphore.makeUnsafe(1)
  readonly #end: HandleEnd
  /** The peer has said that it receives. */
  #heard = false
  /** We have said so. */
  #announced = false
  #nextId = 0
  readonly #sent = new Map<number, Sent>()
  readonly #received = new Map<number, Received>()
  readonly #takers = new Map<string, Array<Taker>>()
  readonly #asking = new Set<{ ready: () => void; gone: (reason: Plain.CloseReason) => void }>()
  #unwatch: (() => void) | undefined

  constructor(end: HandleEnd, peer: string) {
    this.#end = end
    this.peer = peer
    end.on("internalMessage", (message: unknown, handle: unknown) => {
      if (!Predicate.hasProperty(message, "cmd") || message.cmd !== cmd.literal) return
      const raw = isRaw(handle) ? handle : undefined
      if (isFrame(message)) this.#hear(message, raw)
      else raw?.close()
    })
  }

  /** Calls `ready` once the peer can receive. Answers how to stop waiting. */
  whenReady(ready: () => void, gone: (reason: Plain.CloseReason) => void): () => void {
    if (this.#heard && this.#end.connected) {
      ready()
      return nop
    }
    const waiter = { ready, gone }
    this.#asking.add(waiter)
    this.#say({ cmd: cmd.literal, op: "ask" })
    this.#watch()
    return () => {
      this.#asking.delete(waiter)
      this.#watch()
    }
  }

  /** Answers how to withdraw what was not accepted yet; that settles it too. */
  offer(
    said: Said,
    raw: RawHandle,
    close: () => void,
    settle: (outcome: Outcome) => void,
  ): () => void {
    const id = this.#nextId++
    const sent: Sent = { left: true, close, settle }
    this.#sent.set(id, sent)
    this.#say({ cmd: cmd.literal, op: "offer", id, ...said }, raw, (error) => {
      sent.left = false
      // Of a peer that is going we wait to hear how it went.
      if (lostPeer.has(error.code ?? "")) return
      this.#settle(id, { _tag: "Unsendable", detail: error.message })
    })
    this.#watch()
    return () => {
      if (!this.#sent.has(id)) return
      this.#say({ cmd: cmd.literal, op: "withdraw", id })
      this.#settle(id, {
        _tag: "Refused",
        why: "NotTaken",
        detail: "nobody took it before the deadline",
      })
    }
  }

  /** Wait for the next handle of a name. Answers how to stop. */
  take(name: string, taker: Taker): () => void {
    if (!this.#announced) {
      this.#announced = true
      this.#say({ cmd: cmd.literal, op: "ready" })
    }
    const queue = this.#takers.get(name)
    if (queue === undefined) this.#takers.set(name, [taker])
    else queue.push(taker)
    this.#match(name)
    this.#watch()
    return () => {
      this.#setQueue(
        name,
        this.#takers.get(name)?.filter((other) => other !== taker),
      )
      for (const [id, received] of this.#received) {
        if (received.taker === taker) this.#drop(id)
      }
      this.#watch()
    }
  }

  #setQueue(name: string, queue: Array<Taker> = []): void {
    if (queue.length === 0) this.#takers.delete(name)
    else this.#takers.set(name, queue)
  }

  #say(frame: Frame, raw?: RawHandle, failed: (error: NodeJS.ErrnoException) => void = nop): void {
    // Without a peer there is nobody to tell; #watch sees the end.
    if (!this.#end.connected || this.#end.send === undefined) {
      return failed(Object.assign(new Error("the channel is closed"), { code: "EPIPE" }))
    }
    try {
      this.#end.send(frame, raw, {}, (error) => {
        if (error !== null) failed(error)
      })
    } catch (cause) {
      failed(cause instanceof Error ? cause : new Error(String(cause)))
    }
  }

  #hear(frame: Frame, raw: RawHandle | undefined): void {
    if (frame.op === "offer") return this.#offered(frame, raw)
    raw?.close()
    switch (frame.op) {
      case "ask": {
        if (this.#announced) this.#say({ cmd: cmd.literal, op: "ready" })
        return
      }
      case "ready": {
        this.#heard = true
        const asking = [...this.#asking]
        this.#asking.clear()
        for (const { ready } of asking) ready()
        return this.#watch()
      }
      case "accept": {
        const sent = this.#sent.get(frame.id)
        // Withdrawn; or the channel is closed to us, so that we could not commit.
        if (sent === undefined || !this.#end.connected) return
        this.#say({ cmd: cmd.literal, op: "commit", id: frame.id })
        sent.close()
        return this.#settle(frame.id, { _tag: "Accepted" })
      }
      case "refuse": {
        const { id, why, detail } = frame
        return this.#settle(id, { _tag: "Refused", why, detail })
      }
      case "commit": {
        const received = this.#received.get(frame.id)
        if (received?.taker === undefined) return this.#drop(frame.id)
        this.#received.delete(frame.id)
        received.taker.give(received.said, received.raw)
        return this.#watch()
      }
      case "withdraw": {
        const received = this.#received.get(frame.id)
        if (received === undefined) return
        this.#drop(frame.id)
        const { taker, said } = received
        if (taker !== undefined) {
          this.#setQueue(said.name, [taker, ...(this.#takers.get(said.name) ?? [])])
          this.#match(said.name)
        }
        return this.#watch()
      }
    }
  }

  #offered(offer: Offer, raw: RawHandle | undefined): void {
    const { id, name } = offer
    if (raw === undefined) return this.#refuse(id, "NotTaken", "the handle got lost on its way")
    if (!canCarry(offer.kind, raw) || this.#received.has(id) || this.#received.size >= maxOffers) {
      raw.close()
      return this.#refuse(id, "NotTaken", "this offer breaks the protocol")
    }
    this.#received.set(id, { said: offer, raw })
    this.#match(name)
    this.#watch()
  }

  #match(name: string): void {
    for (const [id, received] of this.#received) {
      const [taker, ...others] = this.#takers.get(name) ?? []
      if (taker === undefined) return
      if (received.taker !== undefined || received.said.name !== name) continue
      const wrong = taker.inspect(received.said)
      if (wrong === undefined) {
        this.#setQueue(name, others)
        received.taker = taker
        this.#say({ cmd: cmd.literal, op: "accept", id })
      } else {
        this.#drop(id)
        this.#refuse(id, "InvalidMessage", wrong)
      }
    }
  }

  #refuse(id: number, why: "NotTaken" | "InvalidMessage", detail: string): void {
    this.#say({ cmd: cmd.literal, op: "refuse", id, why, detail })
  }

  #drop(id: number): void {
    this.#received.get(id)?.raw.close()
    this.#received.delete(id)
  }

  #settle(id: number, outcome: Outcome): void {
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    this.#sent.delete(id)
    this.#watch()
    sent.settle(outcome)
  }

  /**
   * Watches the end of the channel as long as somebody waits for something: in a child a listener
   * to `disconnect` keeps the process alive.
   */
  #watch(): void {
    const waits = this.#sent.size + this.#received.size + this.#asking.size + this.#takers.size > 0
    if (!waits) {
      this.#unwatch?.()
      this.#unwatch = undefined
      return
    }
    this.#unwatch ??= watchEnd(this.#end, (reason) => this.#gone(reason))
  }

  #gone(reason: Plain.CloseReason): void {
    const sent = [...this.#sent.values()]
    const asking = [...this.#asking]
    const waiting = [...this.#takers.values()].flat()
    for (const { taker } of this.#received.values()) if (taker !== undefined) waiting.push(taker)
    for (const id of this.#received.keys()) this.#drop(id)
    this.#sent.clear()
    this.#asking.clear()
    this.#takers.clear()
    this.#watch()
    for (const { left, settle } of sent) settle({ _tag: "Gone", left, reason })
    for (const { gone } of asking) gone(reason)
    for (const taker of waiting) taker.gone(reason)
  }
}
