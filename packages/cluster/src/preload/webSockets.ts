/** The end of a WebSocket, as one frame. */
import type { Duplex } from "node:stream"

/**
 * Close, 1001 "going away" (RFC 6455, 5.5.1 and 7.4.1). Control frames may stand between any two
 * others, and a library writes each of its own in one turn.
 */
const goingAway = Buffer.from([0x88, 0x02, 0x03, 0xe9])

export const closeFrame = (socket: Duplex): void => {
  if (socket.writable && !socket.destroyed) socket.write(goingAway)
}
