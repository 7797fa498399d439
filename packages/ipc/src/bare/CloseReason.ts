/**
 * Why a link ended, as plain data. `IpcError` has the same cases as classes.
 *
 * @since 0.1.0
 */
export type CloseReason =
  /** The peer ended: a process with an exit code or a signal, a thread with a code and maybe a cause. */
  | {
      readonly _tag: "PeerExited"
      readonly exitCode: number | null
      readonly signal: string | null
      readonly cause?: unknown
    }
  /** The peer closed its end, and as far as we know still runs. */
  | { readonly _tag: "PeerDisconnected" }
  /** This side closed the link. */
  | { readonly _tag: "ChannelClosed" }
  /** What the peer sends is not what our side of the protocol can read any further. */
  | { readonly _tag: "ProtocolViolation"; readonly detail: string }
