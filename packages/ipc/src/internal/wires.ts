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
  let immediate: NodeJS.Immediate | undefined
  let stop: (() => void) | undefined
  return {
    ...wire,
    open: (events) => {
      let ended = false
      let exited = child.exitCode !== null || child.signalCode !== null
      const settle = () => {
        clearTimeout(timer)
        clearImmediate(immediate)
        if (exited) {
          const { exitCode, signalCode } = child
          events.onClose({ _tag: "PeerExited", exitCode, signal: signalCode })
        } else events.onClose({ _tag: "PeerDisconnected" })
      }
      // A loop that was blocked runs its timers before it learns what happened meanwhile.
      const lookOnce = () => {
        immediate = setImmediate(settle)
      }
      const next = () => {
        if (ended && exited) settle()
        else if (timer === undefined) timer = setTimeout(lookOnce, patience)
      }
      const onExit = () => {
        exited = true
        next()
      }
      child.once("exit", onExit)
      stop = () => {
        clearTimeout(timer)
        clearImmediate(immediate)
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

/** The descriptor of our pipe in a child. */
const descriptor = 4

/** How a child must be forked to have our pipe. */
export const pipedStdio = ["inherit", "inherit", "inherit", "ipc", "pipe"] as const

/**
 * What tells a child of its pipe: the descriptor and whose child it is. A grandchild inherits the
 * variable, too, and sees by it that the pipe is not its own.
 */
export const pipeVariables = (): Record<string, string> => ({
  [descriptorVariable]: `${descriptor}:${process.pid}`,
})

/** The descriptor that this process was given; what it starts itself is not told. */
const ownDescriptor = (): number | undefined => {
  const [fd, parent] = (process.env[descriptorVariable] ?? "").split(":").map(Number)
  delete process.env[descriptorVariable]
  return fd === descriptor && parent === process.ppid ? fd : undefined
}

/** Two readers of one pipe would each get half of it. */
const taken = new WeakSet<Socket>()

/** To a child that was forked with our pipe; a sentence when it has none that is free. */
export const pipedChildWire = (
  child: ChildProcess,
  maxMessageBytes: number | undefined,
): Wire | string => {
  const socket = child.stdio?.[descriptor]
  if (!(socket instanceof Socket)) return "was started without our pipe"
  if (taken.has(socket)) return "has a channel over its pipe already"
  taken.add(socket)
  const wire = pipeWire(socket, { peer: `process ${child.pid}`, maxMessageBytes })
  return withExit(noticingElsewhere(wire, child), child)
}

/** A child that was not told of its pipe talks over Node's channel, and nobody would hear it there. */
const noticingElsewhere = (wire: Wire, child: ChildProcess): Wire => {
  let stop: (() => void) | undefined
  return {
    ...wire,
    open: (events) => {
      const onMessage = (message: unknown) => {
        const mark: unknown = Array.isArray(message) ? message[0] : undefined
        if (typeof mark !== "string" || !mark.startsWith("@manycore/ipc:")) return
        const detail = "it talks over Node's own channel; fork it with ProcessChannel.clusterEnv()"
        events.onClose({ _tag: "ProtocolViolation", detail })
      }
      child.on("message", onMessage)
      stop = () => child.off("message", onMessage)
      wire.open(events)
    },
    close: (abort) => {
      stop?.()
      wire.close(abort)
    },
  }
}

/** To a child that somebody else forked, over Node's IPC channel. */
export const foreignChildWire = (child: ChildProcess): Wire =>
  withExit(processWire(child, `process ${child.pid ?? "(not started)"}`), child)

/** To the process that started this one; undefined where nobody did. */
export const parentProcessWire = (maxMessageBytes: number | undefined): Wire | undefined => {
  const peer = `parent process ${process.ppid}`
  const fd = ownDescriptor()
  if (fd !== undefined) return pipeWire(fd, { peer, maxMessageBytes })
  return process.send === undefined || !process.connected ? undefined : processWire(process, peer)
}
