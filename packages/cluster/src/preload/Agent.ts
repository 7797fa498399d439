/**
 * The worker's side of the supervisor inside one process: the link, the configuration, and what the
 * program registered. The preload makes it; `ClusterWorker` and `@manycore/cluster/worker` find it
 * on `globalThis`, because they may have been loaded from another copy of this package.
 */
import type { Link } from "@manycore/ipc/bare"

import { type Config, type Down, down, readDown, type Up, up } from "../internal/protocol.ts"

type Callback = () => unknown

export interface Agent {
  readonly config: Config
  readonly link: Link
  readonly say: (message: Up) => void
  /** Hear what the primary says. */
  readonly hear: (listener: (message: Down) => void) => void
  /** Called when the worker begins to drain; what they answer is awaited before it is drained. */
  readonly drainCallbacks: Set<Callback>
  /** Called before the process ends; awaited. */
  readonly shutdownCallbacks: Set<Callback>
  /** Requests begun so far, for the primary's figures; `ClusterWorker` sets it. */
  requests: (() => number) | undefined
  /** Ends the process in its own way instead of the signal's; `ClusterWorker` sets it. */
  finish: (() => void) | undefined
  /** The primary has gone, or closed the pipe. */
  isOrphan: boolean
  isReady: boolean
  isDraining: boolean
}

const key = Symbol.for("@manycore/cluster:agent:1")

/** The agent of this process; undefined where there is no supervisor. */
export const current = (): Agent | undefined =>
  // What stands under this symbol was put there by `make`, whose version the symbol names.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  Reflect.get(globalThis, key) as Agent | undefined

/** Errors of callbacks are the program's: shown as any other uncaught error. */
export const runAll = async (callbacks: Iterable<Callback>): Promise<void> => {
  await Promise.all(
    Array.from(callbacks, async (callback) => {
      try {
        await callback()
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }),
  )
}

export const make = (link: Link, config: Config): Agent => {
  const listeners = new Set<(message: Down) => void>()
  const line = link.line(up)
  link.listen(down, (body) => {
    const message = readDown(body)
    if (message !== undefined) for (const listener of listeners) listener(message)
  })
  const agent: Agent = {
    config,
    link,
    say: (message) => void link.send(line, message),
    hear: (listener) => void listeners.add(listener),
    drainCallbacks: new Set(),
    shutdownCallbacks: new Set(),
    requests: undefined,
    finish: undefined,
    isOrphan: false,
    isReady: false,
    isDraining: false,
  }
  Reflect.set(globalThis, key, agent)
  return agent
}
