/**
 * Connections on Node's own IPC channel, the only way of a descriptor from one process to another.
 *
 * Node sends one handle and keeps back all others until it is acknowledged: a turn of two processes
 * for each connection. Here several are on their way at once, which is worth a tenth to a quarter of
 * all new connections; the Dispatcher keeps each of them until it is taken, so none can be lost.
 */
import type { ChildProcess } from "node:child_process"
import type { Socket } from "node:net"

import { type Answer, connectionCommand, isAcknowledgement, readAnswer } from "../protocol.ts"

/**
 * Where Node keeps what waits for an acknowledgement; null when it expects none. A Node that has
 * another name for it sends one handle at a time, as ever.
 */
const waitingKey = "_handleQueue"

/** Hand a connection to the server of that number. False when there is no channel any more. */
export const send = (
  process: ChildProcess,
  server: number,
  id: number,
  handle: object,
): boolean => {
  // A later error is that of a process that ends: it takes nothing, and is found out by that.
  if (!process.connected) return false
  const waiting: unknown = Reflect.get(process, waitingKey)
  // What somebody else sends keeps its place.
  if (Array.isArray(waiting) && waiting.length === 0) Reflect.set(process, waitingKey, null)
  process.send(
    { cmd: connectionCommand, server, id },
    // Node sends its own handles too, and leaves them open; its types do not say so.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    handle as Socket,
  )
  return true
}

/** Hear the answers before Node hears the acknowledgements in which they travel. */
export const onAnswer = (process: ChildProcess, listener: (answer: Answer) => void): void => {
  process.prependListener("internalMessage", (message: unknown) => {
    // Node asserts that it waits for what comes, and has forgotten that there was more than one.
    if (isAcknowledgement(message) && Reflect.get(process, waitingKey) === null) {
      Reflect.set(process, waitingKey, [])
    }
    const answer = readAnswer(message)
    if (answer !== undefined) listener(answer)
  })
}
