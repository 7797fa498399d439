/**
 * A wire over Node's own IPC channel: for a peer that we did not start, or that somebody forked
 * without our pipe. Needs `serialization: "advanced"` for anything but JSON. It has no length limit
 * and shares the descriptor with Node's own messages and the program's.
 *
 * @since 0.1.0
 */
import type { EventEmitter } from "node:events"

import { refuseSharedMemory } from "../internal/sharedMemory.ts"
import type { Wire, WireEvents } from "./Wire.ts"

/** `process` in a child, or the ChildProcess in its parent. */
export interface IpcEnd extends EventEmitter {
  send?(message: unknown, callback: (error: Error | null) => void): boolean
  readonly connected: boolean
}

export const processWire = (end: IpcEnd, peer: string): Wire => {
  let stop: (() => void) | undefined
  return {
    peer,
    open: ({ onBatch, onClose }: WireEvents) => {
      const onMessage = (message: unknown) => onBatch(message, 0)
      const onDisconnect = () => onClose({ _tag: "PeerDisconnected" })
      end.on("message", onMessage)
      end.once("disconnect", onDisconnect)
      stop = () => {
        end.off("message", onMessage)
        end.off("disconnect", onDisconnect)
      }
      if (!end.connected) onDisconnect()
    },
    write: (batch, _, isText) => {
      if (!isText) refuseSharedMemory(batch)
      // An error of the write means that the peer is going: `disconnect` or `exit` tells that.
      end.send?.(batch, () => {})
      return 0
    },
    close: () => stop?.(),
    // Node refs its channel for as long as somebody listens.
    setRef: () => {},
  }
}
