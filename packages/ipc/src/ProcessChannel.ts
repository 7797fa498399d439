/**
 * Channels between a parent process and a child, over Node's own IPC channel with `advanced`
 * serialization, so that bytes, Map, Set, Date and bigint arrive as what they were.
 *
 * `fork` starts a process and owns it. Shutdown, when its Scope closes:
 * 1. The parent disconnects; a child that serves through `Ipc.serve` finishes and exits by itself.
 * 2. A child that is still there after `closeTimeout` gets SIGKILL.
 * 3. The Scope is closed only when the child is gone.
 *
 * @since 0.1.0
 */
import * as ChildProcess from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { Duration, Effect, type Scope } from "effect"

import type { Channel } from "./Channel.ts"
import { makeChannel, type WireEvents } from "./internal/makeChannel.ts"
import {
  IpcError,
  NoParent,
  NotSerializable,
  PeerDisconnected,
  PeerExited,
  SpawnFailed,
} from "./IpcError.ts"

/**
 * How to fork a child.
 *
 * @category models
 * @since 0.1.0
 */
export interface ForkOptions {
  /** Arguments of the program. Default: none. */
  readonly args?: ReadonlyArray<string>
  /** Variables added to the parent's environment. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /** Options of Node itself. Default: the parent's. */
  readonly execArgv?: ReadonlyArray<string>
  /** Working directory. Default: the parent's. */
  readonly cwd?: string
  /** How long the child may take to exit when the Scope closes, then SIGKILL. Default 5 seconds. */
  readonly closeTimeout?: Duration.Input
}

/**
 * A channel to a child process.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildChannel extends Channel {
  /** Process id of the child. */
  readonly pid: number
}

/** How long after `disconnect` we wait for the exit code of a child that is about to die. */
const exitAfterDisconnect = 1000

const hasExited = (child: ChildProcess.ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null

const exitOf = (child: ChildProcess.ChildProcess) =>
  new PeerExited({ exitCode: child.exitCode, signal: child.signalCode })

const listenToChild = (child: ChildProcess.ChildProcess, events: WireEvents) => {
  let timer: NodeJS.Timeout | undefined
  const onExit = () => events.onClose(exitOf(child))
  const onDisconnect = () => {
    timer = setTimeout(() => events.onClose(new PeerDisconnected()), exitAfterDisconnect)
  }
  child.on("message", events.onMessage)
  child.once("exit", onExit)
  child.once("disconnect", onDisconnect)
  if (hasExited(child)) onExit()
  return () => {
    clearTimeout(timer)
    child.off("message", events.onMessage)
    child.off("exit", onExit)
    child.off("disconnect", onDisconnect)
  }
}

interface Sender {
  send?(message: unknown, callback: (error: Error | null) => void): boolean
}

/**
 * `process.send` returns false once its backlog is large: then wait until this message was
 * written. Its errors other than a message that cannot be copied mean that the peer is going,
 * which `closed` tells better.
 */
const post = (peer: string, target: Sender, message: readonly [string, string, unknown]) =>
  Effect.callback<void, IpcError>((resume) => {
    if (target.send === undefined) {
      return resume(Effect.fail(new IpcError({ peer, reason: new PeerDisconnected() })))
    }
    const onWritten = (error: Error | null) =>
      resume(
        error === null
          ? Effect.void
          : Effect.fail(new IpcError({ peer, reason: new PeerDisconnected() })),
      )
    try {
      if (target.send(message, onWritten)) resume(Effect.void)
    } catch (cause) {
      resume(Effect.fail(new IpcError({ peer, reason: new NotSerializable({ cause }) })))
    }
  })

/**
 * A channel to a child that somebody else started and stops: `child_process.fork` with
 * `serialization: "advanced"`, or `worker.process` of a `node:cluster` worker. Closing the Scope
 * ends the channel, not the child.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromChild = (
  child: ChildProcess.ChildProcess,
): Effect.Effect<Channel, never, Scope.Scope> => {
  const peer = `process ${child.pid ?? "(not started)"}`
  return makeChannel({
    peer,
    post: (frame) => post(peer, child, frame),
    listen: (events) => listenToChild(child, events),
  })
}

const waitForExit = (child: ChildProcess.ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (hasExited(child)) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

const stop = (child: ChildProcess.ChildProcess, timeout: Duration.Input) =>
  Effect.suspend(() => {
    if (child.connected) child.disconnect()
    return Effect.timeoutOrElse(waitForExit(child), {
      duration: timeout,
      orElse: () => {
        child.kill("SIGKILL")
        return waitForExit(child)
      },
    })
  })

const spawn = (path: string, options: ForkOptions) =>
  Effect.callback<ChildProcess.ChildProcess, IpcError>((resume) => {
    const fail = (cause: unknown) =>
      resume(Effect.fail(new IpcError({ peer: path, reason: new SpawnFailed({ cause }) })))
    if (!existsSync(path)) return fail(new Error("there is no such file"))
    let child: ChildProcess.ChildProcess
    try {
      child = ChildProcess.fork(path, [...(options.args ?? [])], {
        serialization: "advanced",
        env: { ...process.env, ...options.env },
        ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      })
    } catch (cause) {
      return fail(cause)
    }
    child.once("error", fail)
    child.once("spawn", () => {
      child.off("error", fail)
      // A later error is a kill or send that failed because the child has gone: `exit` tells that.
      child.on("error", () => {})
      resume(Effect.succeed(child))
    })
  })

/**
 * Start a Node program as a child process and open a channel to it. The child is stopped, and
 * gone, when the Scope closes. Fails with `SpawnFailed` when there is no such file or the system
 * refuses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fork = Effect.fn("ProcessChannel.fork")(function* (
  file: string | URL,
  options: ForkOptions = {},
): Effect.fn.Return<ChildChannel, IpcError, Scope.Scope> {
  const path = typeof file === "string" ? file : fileURLToPath(file)
  const child = yield* Effect.acquireRelease(spawn(path, options), (child) =>
    stop(child, options.closeTimeout ?? Duration.seconds(5)),
  )
  return { ...(yield* fromChild(child)), pid: child.pid ?? -1 }
})

/**
 * The channel to the process that forked this one. Fails with `NoParent` where there is none.
 * Closing the Scope lets the process exit; it does not end it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent: Effect.Effect<Channel, IpcError, Scope.Scope> = Effect.suspend(() => {
  const peer = `parent process ${process.ppid}`
  if (process.send === undefined || !process.connected) {
    return Effect.fail(new IpcError({ peer: "parent process", reason: new NoParent() }))
  }
  return makeChannel({
    peer,
    post: (frame) => post(peer, process, frame),
    listen: ({ onClose, onMessage }) => {
      const onDisconnect = () => onClose(new PeerDisconnected())
      process.on("message", onMessage)
      process.once("disconnect", onDisconnect)
      return () => {
        process.off("message", onMessage)
        process.off("disconnect", onDisconnect)
      }
    },
  })
})
