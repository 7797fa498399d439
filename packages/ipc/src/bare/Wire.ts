/**
 * What a Link needs of a transport: hand over one batch, tell what arrives, tell the end. A wire
 * starts nothing; it keeps no queue of its own beyond what the transport itself holds.
 *
 * @since 0.1.0
 */
import type { Transferable } from "node:worker_threads"

import type { CloseReason } from "./CloseReason.ts"

/**
 * One message of a transport: the mark, the weight of the batch in bytes, then a line and a body
 * for each message.
 */
export type Batch = ReadonlyArray<unknown>

/** Says that a value is a batch of ours; the number is the version of its layout. */
export const mark = "@manycore/ipc:2"

export interface WireEvents {
  /** A value arrived that may be a batch, and how many bytes it took where the wire knows. */
  readonly onBatch: (batch: unknown, bytes: number) => void
  /** Nothing more arrives; told once or more, the first reason counts. */
  readonly onClose: (reason: CloseReason) => void
  /** `pending` is 0 again. */
  readonly onDrain?: () => void
}

export interface Wire {
  /** How errors name the other side: `process 4711`, `thread 3`. */
  readonly peer: string
  /** Whether it copies what only Node itself can, such as a Blob. Default: it does not. */
  readonly copiesNatives?: boolean
  /** Whether it moves buffers to the other side. Default: it copies. */
  readonly moves?: boolean
  /** Start to listen; called once. */
  readonly open: (events: WireEvents) => void
  /**
   * Hand one batch to the transport; answers how many bytes it takes, 0 where the wire cannot know.
   * Throws when it holds what cannot be copied, or with `TooLarge`; nothing of it was sent then.
   * `isText` says that JSON would carry it unchanged, for a wire to which that is faster.
   */
  readonly write: (
    batch: Batch,
    transfer: ReadonlyArray<Transferable> | undefined,
    isText: boolean,
  ) => number
  /** Stop listening and let go of the transport, after what was written has left. */
  readonly close: (abort?: boolean) => void
  /** Bytes that were written and have not left this process. */
  readonly pending?: () => number
  /**
   * Take in one message that has arrived, without waiting for the event loop to bring it; false when there
   * is none. Not every wire can.
   */
  readonly poll?: () => boolean
  /** Whether the wire keeps the process alive. */
  readonly setRef: (ref: boolean) => void
}

/** A message that is larger than the limit of its link. */
export class TooLarge extends Error {
  override readonly name = "TooLarge"
  readonly bytes: number
  readonly limit: number

  constructor(bytes: number, limit: number) {
    super(`the message takes ${bytes} bytes, the limit is ${limit}`)
    this.bytes = bytes
    this.limit = limit
  }
}
