/**
 * The end of a worker, whoever asks for it:
 * - the primary says `drain`, later `end` and the kill signal;
 * - the primary has died, or this process gets SIGTERM from somebody else: it drains by itself,
 *   with the same deadlines, and ends.
 *
 * The end is the program's: its own handlers of the signal, `onShutdown`, or `ClusterWorker`; where
 * there is none, the signal does what it does. Until then its handlers of SIGTERM and SIGINT hear
 * nothing (`signals`).
 */
import cluster from "node:cluster"

import { type Agent, runAll } from "./Agent.ts"
import type { Arrivals } from "./Arrivals.ts"
import type { Drain } from "./drain.ts"
import * as signals from "./signals.ts"

const ignored = ["SIGINT", "SIGHUP"] as const

const ours = () => {}

export const install = (agent: Agent, drain: Drain, arrivals: Arrivals): void => {
  const { drainTimeout, killTimeout, lameDuck } = agent.config
  let isEnding = false
  let isDrained = false

  /** Let the signal do what it would have done without us. */
  const raise = (signal: string) => {
    process.off("SIGTERM", onTerm)
    for (const name of ignored) process.off(name, ours)
    process.kill(process.pid, signal)
  }

  let shutdown: Promise<void> | undefined
  /** Once, whoever asks first. */
  const runShutdown = () => (shutdown ??= runAll(agent.shutdownCallbacks))

  const endProgram = async (signal: string, isComing: boolean) => {
    const isOurs = signal === "SIGTERM" || signal === "SIGINT" || signal === "SIGHUP"
    const isHandled = process.listenerCount(signal) > (isOurs ? 1 : 0)
    await runShutdown()
    // Its own handler ends it, or the primary does.
    if (isHandled) {
      if (!isComing || held.hasArrived(signal)) process.kill(process.pid, signal)
    } else if (agent.shutdownCallbacks.size > 0) process.exit(0)
    else raise(signal)
  }

  /** @param isComing the primary sends the signal too */
  const end = (signal: string, isComing: boolean) => {
    if (isEnding) return
    isEnding = true
    held.release()
    if (agent.finish === undefined) void endProgram(signal, isComing)
    else agent.finish()
  }

  const begin = async (onDrained: () => void) => {
    if (agent.isDraining) return
    agent.isDraining = true
    await runAll(agent.drainCallbacks)
    drain.begin(lameDuck, onDrained)
  }

  /** All of its own end counts as draining, for which there is more time than for the kill signal. */
  const onDrained = async () => {
    if (agent.finish !== undefined) return end("SIGTERM", true)
    await runShutdown()
    isDrained = true
    if (agent.isOrphan) end("SIGTERM", false)
    else agent.say(["drained"])
  }

  const leave = () => {
    void begin(() => end("SIGTERM", false))
    setTimeout(() => end("SIGTERM", false), drainTimeout).unref()
    setTimeout(() => process.kill(process.pid, "SIGKILL"), drainTimeout + killTimeout).unref()
  }

  const onTerm = () => {
    // While the primary sees to it, this is the group's signal, or the one that follows `end`.
    if (agent.isDraining || isEnding) return
    agent.say(["leaving"])
    leave()
  }
  const held = signals.hold(
    () => {
      process.on("SIGTERM", onTerm)
      // A terminal sends these to the whole group; they are the primary's to understand.
      for (const signal of ignored) process.on(signal, ours)
    },
    (signal) => {
      if (signal === "SIGTERM") onTerm()
    },
  )

  /** A person means the program. */
  const signal = (name: "SIGINT") => {
    if (process.listenerCount(name) > 1) process.emit(name, name)
    else raise(name)
  }
  agent.hear((message) => {
    if (message[0] === "signal") process.nextTick(signal, message[1])
    if (message[0] === "drain") {
      arrivals.expect(message[1])
      void begin(() => void onDrained())
    }
    if (message[0] === "end") end(message[1], true)
  })

  const onOrphaned = () => {
    if (agent.isOrphan) return
    agent.isOrphan = true
    // The primary had begun with it, and nobody will say `end` any more.
    if (isDrained) end("SIGTERM", false)
    else leave()
  }
  // node:cluster exits at once when the primary dies, unless it believes that it was told.
  process.prependOnceListener("disconnect", () => {
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
    // Whoever called `disconnect()` here means to end by itself.
    if (agent.link.closed !== undefined) onOrphaned()
  })
  agent.link.onceClosed((reason) => {
    if (reason._tag !== "ChannelClosed") onOrphaned()
  })
}
