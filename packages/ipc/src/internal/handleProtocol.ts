/**
 * The messages about handles, and the end of Node's IPC channel that they are said on.
 *
 * A handle is in use on one side only, at every moment:
 *
 *     ask ───────────▶              is anybody there who can close a handle?
 *         ◀────────── ready         also said unasked, when the peer starts to receive
 *     offer + handle ▶              the sender keeps its handle and does not read from it
 *         ◀────────── accept        somebody took it; nothing has been read yet
 *     commit ────────▶              the sender has closed its own; now the receiver makes a socket
 *
 * Instead of accept: `refuse`. Instead of commit: `withdraw`, when the receiver took too long, after
 * which a late accept means nothing. The end of the channel before accept gives the handle back to
 * the sender; before commit it closes the receiver's.
 *
 * The messages carry a `cmd` that begins with `NODE_`: Node emits them as `internalMessage`, as it
 * does for node:cluster. So a program's `process.on("message")` sees neither them nor their handles,
 * and they keep no process alive. What travels is the raw handle, not the `net.Socket`: of a Socket
 * or Server Node makes a reading, listening one on arrival, before anybody took it, and what that had
 * read would be lost to a sender who gets it back.
 */
import type { EventEmitter } from "node:events"

import { Schema } from "effect"

/** A ChildProcess in its parent, `process` in a child. */
export interface HandleEnd extends EventEmitter {
  readonly connected: boolean
  readonly exitCode?: number | string | null | undefined
  readonly signalCode?: string | null
  send?(
    message: unknown,
    handle: unknown,
    options: object,
    callback: (error: NodeJS.ErrnoException | null) => void,
  ): boolean
}

export const cmd = Schema.Literal("NODE_MANYCORE_HANDLE")

const Offer = Schema.Struct({
  cmd,
  op: Schema.Literal("offer"),
  id: Schema.Int,
  name: Schema.String,
  kind: Schema.Literals(["socket", "server"]),
  halfOpen: Schema.Boolean,
  /** The encoded message: `v8.serialize` in base64, as the channel may be one of JSON. */
  body: Schema.String,
})

const Refuse = Schema.Struct({
  cmd,
  op: Schema.Literal("refuse"),
  id: Schema.Int,
  why: Schema.Literals(["NotTaken", "InvalidMessage"]),
  detail: Schema.String,
})

const Frame = Schema.Union([
  Schema.Struct({ cmd, op: Schema.Literals(["ask", "ready"]) }),
  Schema.Struct({ cmd, op: Schema.Literals(["accept", "commit", "withdraw"]), id: Schema.Int }),
  Offer,
  Refuse,
])

export type Frame = typeof Frame.Type

export type Offer = typeof Offer.Type

/** What an offer says beside its number. */
export type Said = Pick<typeof Offer.Type, "name" | "kind" | "halfOpen" | "body">

export const isFrame = Schema.is(Frame)
