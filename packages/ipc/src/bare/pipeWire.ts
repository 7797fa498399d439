/**
 * A wire over a pipe of our own: one more descriptor between a parent and its child, on which
 * nobody else writes. Lengths are checked and bytes are counted; what is not ours ends the link and
 * harms nothing.
 *
 * @since 0.1.0
 */
import { Socket } from "node:net"

import { Copies } from "./Copies.ts"
import { Decoder } from "./Decoder.ts"
import { Descriptor } from "./Descriptor.ts"
import { byteLength, encode, encodeText, maxValueBytes, preamble } from "./Frame.ts"
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

/** What a descriptor is read into, again and again. */
const readSize = 64 * 1024

/**
 * The socket of a descriptor, reading into one piece of memory: each read of a socket of Node's own
 * takes 64 KiB more, and the garbage collector pays for it.
 */
const reading = (fd: number, onChunk: (chunk: Buffer) => void): Socket => {
  const buffer = Buffer.allocUnsafeSlow(readSize)
  const callback = (count: number) => {
    onChunk(buffer.subarray(0, count))
    return true
  }
  return new Socket({ fd, onread: { buffer, callback } })
}

/**
 * @param pipe a socket that nobody else reads; or the number of a descriptor, for which the wire makes
 *   one. Open the wire before the loop turns.
 */
export const pipeWire = (pipe: Socket | number, options: PipeOptions): Wire => {
  const limit = (options.maxMessageBytes ?? defaultMaxMessageBytes) + slack
  const copies = new Copies()
  let events: WireEvents | undefined
  const decoder = new Decoder(limit, (batch, bytes) => events?.onBatch(batch, bytes))
  const onChunk = (chunk: Buffer) => {
    try {
      decoder.push(chunk)
      // What is left of a large buffer goes from the pipe to its place.
      while (decoder.room !== undefined) {
        const count = descriptor.read(decoder.room)
        if (count === 0) return
        decoder.filled(count)
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      events?.onClose({ _tag: "ProtocolViolation", detail })
      socket.destroy()
    }
  }
  const socket = typeof pipe === "number" ? reading(pipe, onChunk) : pipe
  const descriptor = new Descriptor(socket)
  const onEnd = () => events?.onClose({ _tag: "PeerDisconnected" })

  /** What the pipe does not take at once waits in the socket, large buffers as copies: they are the caller's. */
  const writeLarge = (pieces: ReadonlyArray<Uint8Array>) => {
    let written = descriptor.write(pieces)
    socket.cork()
    for (const [i, piece] of pieces.entries()) {
      const left = piece.subarray(Math.min(written, piece.byteLength))
      written -= piece.byteLength - left.byteLength
      if (left.byteLength === 0) continue
      if (i < 2) socket.write(left)
      else socket.write(...copies.make(left))
    }
    socket.uncork()
  }

  return {
    peer: options.peer,
    open: (listener) => {
      events = listener
      if (typeof pipe !== "number") socket.on("data", onChunk)
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
      const [first, second] = pieces
      const value = (second ?? first)?.byteLength ?? 0
      if (value > maxValueBytes) throw new TooLarge(value, maxValueBytes)
      if (second === undefined) socket.write(first ?? "")
      else writeLarge(pieces)
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
