/**
 * A wire over a pipe of our own: one more descriptor between a parent and its child, on which
 * nobody else writes. Lengths are checked and bytes are counted; what is not ours ends the link and
 * harms nothing.
 *
 * @since 0.1.0
 */
import type { Socket } from "node:net"

import { Copies } from "./Copies.ts"
import { byteLength, Decoder, encode, encodeText, maxValueBytes, preamble } from "./Frame.ts"
import { defaultMaxMessageBytes } from "./Link.ts"
import { TooLarge, type Wire, type WireEvents } from "./Wire.ts"

/** Tells a child which descriptor is the pipe, and whose child it is: `4:4711`. */
export const descriptorVariable = "MANYCORE_IPC_FD"

/** Room for what a batch needs besides its largest message. */
const slack = 1024 * 1024

export interface PipeOptions {
  readonly peer: string
  /** No frame may be longer, in either direction. Default 64 MiB. */
  readonly maxMessageBytes?: number | undefined
}

export const pipeWire = (socket: Socket, options: PipeOptions): Wire => {
  const limit = (options.maxMessageBytes ?? defaultMaxMessageBytes) + slack
  const copies = new Copies()
  let events: WireEvents | undefined
  const onEnd = () => events?.onClose({ _tag: "PeerDisconnected" })
  return {
    peer: options.peer,
    open: (listener) => {
      events = listener
      const decoder = new Decoder(limit, listener.onBatch)
      socket.on("data", (chunk: Buffer) => {
        try {
          decoder.push(chunk)
        } catch (error) {
          const detail = error instanceof Error ? error.message : String(error)
          listener.onClose({ _tag: "ProtocolViolation", detail })
          socket.destroy()
        }
      })
      // A broken pipe is the peer's end, and told as such by `close`.
      socket.on("error", () => {})
      socket.on("drain", () => events?.onDrain?.())
      socket.on("end", onEnd)
      socket.on("close", onEnd)
      socket.write(preamble)
    },
    write: (batch, _, isText) => {
      if (isText) {
        const frame = encodeText(JSON.stringify(batch))
        socket.write(frame)
        return frame.byteLength
      }
      const pieces = encode(batch)
      const bytes = byteLength(pieces)
      if (bytes > limit) throw new TooLarge(bytes, limit)
      const value = pieces.length === 1 ? bytes : (pieces[1]?.byteLength ?? 0)
      if (value > maxValueBytes) throw new TooLarge(value, maxValueBytes)
      if (pieces.length > 1) socket.cork()
      // Large buffers are the caller's, who may change them before the peer reads: copy.
      for (const [i, piece] of pieces.entries()) {
        if (i < 2) socket.write(piece)
        else socket.write(...copies.make(piece))
      }
      if (pieces.length > 1) socket.uncork()
      return bytes
    },
    pending: () => socket.writableLength,
    close: (abort = false) => {
      if (abort) return void socket.destroy()
      socket.end()
      // The peer may never read the rest; who waits for it sets its own deadline.
      socket.unref()
    },
    setRef: (ref) => {
      if (ref) socket.ref()
      else socket.unref()
    },
  }
}
