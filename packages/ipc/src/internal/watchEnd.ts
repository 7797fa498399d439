/**
 * The end of a peer on Node's IPC channel, and how it ended. Both of `disconnect` and `exit` are waited
 * for, at most a second after the first of them.
 */
import type * as Plain from "../bare/CloseReason.ts"
import type { HandleEnd } from "./handleProtocol.ts"

/** How long after the end of the channel we wait for the exit of a child, in ms; and the reverse. */
const patience = 1000

const reasonOf = ({ exitCode, signalCode }: HandleEnd): Plain.CloseReason => {
  if (typeof signalCode === "string") {
    return { _tag: "PeerExited", exitCode: null, signal: signalCode }
  }
  if (signalCode === null && typeof exitCode === "number") {
    return { _tag: "PeerExited", exitCode, signal: null }
  }
  return { _tag: "PeerDisconnected" }
}

/** Calls `gone` when the peer is, never at once. Answers how to stop. */
export const watchEnd = (
  end: HandleEnd,
  gone: (reason: Plain.CloseReason) => void,
): (() => void) => {
  // `process` has a code only while it exits, a child has one, or a signal, once it is dead.
  const isChild = end.signalCode !== undefined
  const hasExited = () => isChild && (end.exitCode !== null || end.signalCode !== null)
  let disconnected = !end.connected
  let timer: NodeJS.Timeout | undefined
  const next = () => {
    // What a child wrote before it died is read until `disconnect`.
    if (disconnected && (hasExited() || !isChild)) gone(reasonOf(end))
    else timer ??= setTimeout(() => gone(reasonOf(end)), patience)
  }
  const onDisconnect = () => {
    disconnected = true
    next()
  }
  end.on("disconnect", onDisconnect)
  if (isChild) end.on("exit", next)
  let soon: NodeJS.Immediate | undefined
  if (disconnected || hasExited()) soon = setImmediate(next)
  return () => {
    clearTimeout(timer)
    clearImmediate(soon)
    end.off("disconnect", onDisconnect)
    end.off("exit", next)
  }
}
