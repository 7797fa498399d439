/**
 * Channels between a parent process and a child, or a `node:cluster` primary and a worker, over a pipe
 * of our own: one more descriptor, so
 * that lengths are checked, bytes are counted, and what the program says through `process.send`
 * passes by.
 *
 * `fork` starts a process and owns it. Shutdown, when its Scope closes:
 * 1. The channel says goodbye; a child that serves through `Ipc.serve` finishes and exits by itself.
 * 2. A child that is still there after `closeTimeout` gets SIGKILL.
 * 3. The Scope is closed only when the child is gone.
 *
 * @since 0.1.0
 */
import * as ChildProcess from "node:child_process"
import type { ClusterSettings, Worker } from "node:cluster"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { Duration, Effect, type Scope } from "effect"

import { Link } from "./bare/Link.ts"
import type { Channel, Options } from "./Channel.ts"
import { fromLink } from "./internal/fromLink.ts"
import {
  foreignChildWire,
  parentProcessWire,
  pipedChildWire,
  pipedStdio,
  pipeVariables,
} from "./internal/wires.ts"
import { IpcError, NoParent, NoPipe, SpawnFailed } from "./IpcError.ts"

/**
 * How to fork a child.
 *
 * @category models
 * @since 0.1.0
 */
export interface ForkOptions extends Options {
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
  /** The child itself, for what only Node's own IPC channel carries: see `Handle`. */
  readonly process: ChildProcess.ChildProcess
}

/**
 * A channel to a child that somebody else started and stops, over Node's own IPC channel:
 * `child_process.fork` with `serialization: "advanced"`, or `worker.process` of a `node:cluster`
 * worker that has no pipe of ours. There is no limit on the length of what such a peer sends. Closing the Scope ends the
 * channel, not the child.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromChild = (
  child: ChildProcess.ChildProcess,
  options?: Options,
): Effect.Effect<Channel, never, Scope.Scope> =>
  fromLink(Effect.sync(() => new Link(foreignChildWire(child), options)))

const hasExited = (child: ChildProcess.ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null

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
        stdio: [...pipedStdio],
        env: { ...process.env, ...options.env, ...pipeVariables() },
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
  return yield* fromPipe(child, options)
})

const fromPipe = (
  child: ChildProcess.ChildProcess,
  options: Options,
): Effect.Effect<ChildChannel, IpcError, Scope.Scope> =>
  Effect.suspend(() => {
    const pid = child.pid ?? -1
    const wire = pipedChildWire(child, options.maxMessageBytes)
    if (typeof wire === "string") {
      const reason = new NoPipe({ detail: wire })
      return Effect.fail(new IpcError({ peer: `process ${pid}`, reason }))
    }
    return Effect.map(
      fromLink(Effect.sync(() => new Link(wire, options))),
      (channel): ChildChannel => ({ ...channel, pid, process: child }),
    )
  })

/**
 * Settings for `cluster.setupPrimary` with which every worker gets our pipe; the workers' output goes
 * to this process's. Give your own settings, such as `exec`: all but `stdio` are kept.
 *
 * ```ts
 * cluster.setupPrimary(ProcessChannel.clusterSettings({ exec: "worker.js" }))
 * const worker = cluster.fork(ProcessChannel.clusterEnv())
 * const channel = yield* ProcessChannel.fromClusterWorker(worker)
 * ```
 *
 * @category cluster
 * @since 0.1.0
 */
export const clusterSettings = (settings?: ClusterSettings): ClusterSettings => ({
  ...settings,
  stdio: ["ignore", ...pipedStdio.slice(1)],
})

/**
 * The environment for `cluster.fork`: it tells the worker, whose side is `ProcessChannel.parent`, of its
 * pipe.
 *
 * @category cluster
 * @since 0.1.0
 */
export const clusterEnv = (env?: Readonly<Record<string, string>>): Record<string, string> => ({
  ...env,
  ...pipeVariables(),
})

/**
 * A channel from the primary to a worker of `node:cluster`, over our pipe: see `clusterSettings` and
 * `clusterEnv`. Fails with `NoPipe` when the worker was forked without it. A worker has one pipe, and
 * one channel over it. Closing the Scope ends the channel, not the worker.
 *
 * @category cluster
 * @since 0.1.0
 */
export const fromClusterWorker = (
  worker: Worker,
  options: Options = {},
): Effect.Effect<ChildChannel, IpcError, Scope.Scope> => fromPipe(worker.process, options)

/**
 * The channel to the process that started this one: over our pipe when that was `fork`, else over
 * Node's own IPC channel. Fails with `NoParent` where there is neither. Closing the Scope lets the
 * process exit; it does not end it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parent = (options?: Options): Effect.Effect<Channel, IpcError, Scope.Scope> =>
  Effect.suspend(() => {
    const wire = parentProcessWire(options?.maxMessageBytes)
    if (wire === undefined) {
      return Effect.fail(new IpcError({ peer: "parent process", reason: new NoParent() }))
    }
    return fromLink(Effect.sync(() => new Link(wire, options)))
  })
