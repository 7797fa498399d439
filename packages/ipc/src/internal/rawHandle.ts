/**
 * What Node keeps below a `net.Socket` and a `net.Server`, and whether it can leave this process now.
 */
import * as Net from "node:net"

import { Predicate } from "effect"

import { type Handle, NotOpen, NotPaused, type Reason, Unsupported } from "./handleModel.ts"

/** libuv's handle under a socket or server. Private to Node; `net.Native` in its IPC. */
export interface RawHandle {
  readonly reading?: boolean
  readonly close: () => void
}

export const isRaw = (value: unknown): value is RawHandle =>
  Predicate.hasProperty(value, "close") && typeof value.close === "function"

/** What a handle of libuv is: `TCP`, `Pipe`, and others that we do not pass. */
const typeOf = (raw: RawHandle): string => raw.constructor.name

type Kind = "socket" | "server"

/** A unix socket that listens has a path, which goes when one of its handles is closed. */
export const canCarry = (kind: Kind, raw: RawHandle): boolean =>
  typeOf(raw) === "TCP" || (kind === "socket" && typeOf(raw) === "Pipe")

/** On their way, on any channel. */
export const underWay = new WeakSet<Handle>()

/** The handle below, which Node keeps private. */
const rawOf = (handle: Handle): RawHandle | undefined => {
  const raw: unknown = Predicate.hasProperty(handle, "_handle") ? handle._handle : undefined
  return isRaw(raw) ? raw : undefined
}

export const kindOf = (handle: Handle): Kind => (handle instanceof Net.Server ? "server" : "socket")

/** Why bytes would be lost. */
const unquiet = (socket: Net.Socket, raw: RawHandle): string | undefined => {
  if (socket.readableFlowing === true) return "it is flowing"
  if (socket.readableLength > 0) return `${socket.readableLength} bytes were read from it already`
  if (raw.reading === true) return "this process reads from it"
  if (socket.writableLength > 0) return `${socket.writableLength} bytes wait to be written`
  return undefined
}

/** The raw handle, if it can leave now. */
export const fit = (handle: Handle): RawHandle | Reason => {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    return new Unsupported({ detail: `handles are not passed on ${process.platform}` })
  }
  if (underWay.has(handle)) return new NotOpen({ detail: "it is under way already" })
  const raw = rawOf(handle)
  if (raw === undefined) return new NotOpen({ detail: `the ${kindOf(handle)} is closed` })
  if (!canCarry(kindOf(handle), raw)) {
    return new Unsupported({ detail: `a ${kindOf(handle)} on a ${typeOf(raw)} cannot be passed` })
  }
  if (handle instanceof Net.Server) return raw
  if (handle.destroyed || handle.connecting) {
    return new NotOpen({ detail: `the socket is ${handle.destroyed ? "closed" : "not connected"}` })
  }
  const loud = unquiet(handle, raw)
  return loud === undefined ? raw : new NotPaused({ detail: loud })
}

export const isReason = (value: RawHandle | Reason): value is Reason =>
  Predicate.hasProperty(value, "_tag")
