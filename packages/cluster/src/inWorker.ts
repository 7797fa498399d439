/**
 * What a worker program without Effect can say to its supervisor and hear from it. None of it is
 * needed: an unmodified HTTP program is made ready, drained and stopped without it. Everything works,
 * or does nothing, in a process that has no supervisor.
 *
 * @since 0.1.0
 */
import type { AskMany } from "@manycore/ipc"
import type { Handlers, ServeOptions } from "@manycore/ipc/bare"
import { serveOn } from "@manycore/ipc/bare"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { current, runAll } from "./preload/Agent.ts"
import { sayReady } from "./preload/readiness.ts"

export { Failure } from "@manycore/ipc/bare"

type Callback = () => unknown

const agent = current()

/**
 * Whether a supervisor of this package runs this process.
 *
 * @category models
 * @since 0.1.0
 */
export const isSupervised: boolean = agent !== undefined

/**
 * Say that this worker is ready. Needed with `ready: "message"`, and by a program that listens
 * nowhere.
 *
 * @category readiness
 * @since 0.1.0
 */
export const ready = (): void => {
  if (agent !== undefined) sayReady(agent)
  // PM2's word for it.
  else process.send?.("ready")
}

/** Without a supervisor, signals begin the end. */
const alone = { drain: new Set<Callback>(), shutdown: new Set<Callback>(), isEnding: false }

const endAlone = async (signal: NodeJS.Signals) => {
  await runAll(alone.drain)
  await runAll(alone.shutdown)
  process.off("SIGTERM", onSignal).off("SIGINT", onSignal)
  process.kill(process.pid, signal)
}

const onSignal = (signal: NodeJS.Signals) => {
  if (alone.isEnding) return
  alone.isEnding = true
  void endAlone(signal)
}

const add = (callbacks: Set<Callback>, callback: Callback): (() => void) => {
  callbacks.add(callback)
  if (agent === undefined && process.listeners("SIGTERM").every((one) => one !== onSignal)) {
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal)
  }
  return () => void callbacks.delete(callback)
}

/**
 * Call back when this worker begins to drain: stop to take work from queues, for example. What the
 * callback answers is awaited before the worker counts as drained. Answers how to cancel.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const onDrain = (callback: Callback): (() => void) =>
  add(agent?.drainCallbacks ?? alone.drain, callback)

/**
 * Call back when everything is finished and this worker is about to exit: close the database, for
 * example. What the callback answers is awaited; the process exits with code 0 then, at the latest at
 * the supervisor's deadline. Answers how to cancel.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const onShutdown = (callback: Callback): (() => void) =>
  add(agent?.shutdownCallbacks ?? alone.shutdown, callback)

/**
 * Answer the calls of the primary's `ask` and `broadcast` with plain functions. The contract is
 * imported as a type only. Answers how to stop.
 *
 * @category messages
 * @since 0.1.0
 */
export const answer = <Group>(
  handlers: Handlers<Group>,
  options: Pick<ServeOptions, "name"> = {},
): (() => void) =>
  agent === undefined ? () => {} : serveOn<Group>(agent.link, handlers, options.name)

/**
 * Ask the primary, which serves the contract with `Supervisor.serve`. Rejects with the rpc's error,
 * an `IpcError`, or an Error where there is no supervisor. Loads Effect when it is first called.
 *
 * @category messages
 * @since 0.1.0
 */
export const ask = async <Rpcs extends Rpc.Any, const Tag extends AskMany.Unary<Rpcs>["_tag"]>(
  group: RpcGroup.RpcGroup<Rpcs>,
  tag: Tag,
  payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>> => {
  if (agent === undefined) throw new Error("there is no supervisor to ask")
  const { askPrimary } = await import("./internal/askPrimary.ts")
  return askPrimary(agent.link, group, tag, payload, options)
}
