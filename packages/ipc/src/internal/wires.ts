/**
 * The wires of processes: our pipe where the parent gave one, Node's own IPC channel elsewhere; and
 * how a child's exit code and signal become the reason of the end.
 */
import type { ChildProcess } from "node:child_process"
import { Socket } from "node:net"

import { descriptorVariable, pipeWire } from "../bare/pipeWire.ts"
import { processWire } from "../bare/processWire.ts"
import type { Wire } from "../bare/Wire.ts"

/** How long after the end of the stream we wait for the exit of a child, in ms; and the reverse. */
const patience = 1000

/**
 * The wire of a child: ends with its exit code or signal when it dies, after what it had written
 * was read.
 */
const withExit = (wire: Wire, child: ChildProcess): Wire => {
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  return {
    ...wire,
    open: (events) => {
      let ended = false
      let exited = child.exitCode !== null || child.signalCode !== null
      const settle = () => {
        clearTimeout(timer)
        if (exited) {
          const { exitCode, signalCode } = child
          events.onClose({ _tag: "PeerExited", exitCode, signal: signalCode })
        } else events.onClose({ _tag: "PeerDisconnected" })
      }
      const next = () => {
        if (ended && exited) settle()
        else if (timer === undefined) timer = setTimeout(settle, patience)
      }
      const onExit = () => {
        exited = true
        next()
      }
      child.once("exit", onExit)
      stop = () => {
        clearTimeout(timer)
        child.off("exit", onExit)
      }
      wire.open({
        ...events,
        onClose: (reason) => {
          if (reason._tag !== "PeerDisconnected") return events.onClose(reason)
          ended = true
          next()
        },
      })
      if (exited) next()
    },
    close: (abort) => {
      stop?.()
      wire.close(abort)
    },
  }
}

/** To a child that was forked with one more descriptor: `stdio: [0, 1, 2, "ipc", "pipe"]`. */
export const pipedChildWire = (child: ChildProcess, maxMessageBytes: number | undefined): Wire => {
  const socket = child.stdio[4]
  if (!(socket instanceof Socket)) throw new TypeError("the child was not forked with our pipe")
  return withExit(pipeWire(socket, { peer: `process ${child.pid}`, maxMessageBytes }), child)
}

/** To a child that somebody else forked, over Node's IPC channel. */
export const foreignChildWire = (child: ChildProcess): Wire =>
  withExit(processWire(child, `process ${child.pid ?? "(not started)"}`), child)

/** To the process that started this one; undefined where nobody did. */
export const parentProcessWire = (maxMessageBytes: number | undefined): Wire | undefined => {
  const peer = `parent process ${process.ppid}`
  const fd = Number(process.env[descriptorVariable])
  if (Number.isInteger(fd) && fd > 2) {
    // Ours alone: what this process starts itself has no such pipe.
    delete process.env[descriptorVariable]
    return pipeWire(new Socket({ fd }), { peer, maxMessageBytes })
  }
  return process.send === undefined || !process.connected ? undefined : processWire(process, peer)
}
