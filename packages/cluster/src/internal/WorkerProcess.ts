/**
 * One worker process: what it says on the pipe and on Node's own channel, what it is told, and how it
 * ends. It has ended when its exit was told and all that it had said was heard; then what it had not
 * taken goes to others.
 */
import type { Worker as ClusterProcess } from "node:cluster"
import { Socket } from "node:net"

import { Link, pipeWire } from "@manycore/ipc/bare"
import { Effect, type Option } from "effect"

import type { Dispatcher } from "./dispatch/Dispatcher.ts"
import * as handles from "./dispatch/handles.ts"
import type { Hooks, Place } from "./Launcher.ts"
import { type Answer, type Down, down, readUp, type Up, up } from "./protocol.ts"
import type { Spec } from "./Spec.ts"

/** How long the exit may lag behind the end of the pipe, and the reverse, in ms. */
const patience = 1000

/** How long a worker may take to tell its figures before the last known ones are taken, in ms. */
const statsTimeout = 200

/** Processes that have not exited. node:cluster's own list forgets one when it disconnects. */
const living = new Set<ClusterProcess>()

/** SIGKILL for every worker of this process, at once. */
export const killAll = (): void => {
  for (const process of living) process.process.kill("SIGKILL")
}

interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
}

/** What is known of one process, from its fork to its end. */
export class WorkerProcess {
  private readonly process: ClusterProcess
  private readonly hooks: Hooks
  private readonly dispatcher: Dispatcher
  private readonly serial: number
  private readonly spec: Spec
  readonly link: Link
  private readonly line: number
  private readonly pongs = new Map<number, (requests: number | null) => void>()
  private ended: Ended | undefined
  private isPipeOver = false
  private isOver = false
  private hasDrained = false
  private timer: NodeJS.Timeout | undefined
  private report: Parameters<Hooks["onExit"]>[0]["report"] = null
  private nextPing = 0

  constructor(
    process: ClusterProcess,
    { hooks, place, spec }: { hooks: Hooks; place: Place; spec: Spec },
    dispatcher: Dispatcher,
  ) {
    this.process = process
    this.hooks = hooks
    this.spec = spec
    this.serial = place.serial
    this.dispatcher = dispatcher
    const socket = process.process.stdio[4]
    if (!(socket instanceof Socket)) throw new TypeError("the worker was forked without our pipe")
    this.link = new Link(pipeWire(socket, { peer: `worker ${place.slot}` }))
    this.line = this.link.line(down)
    this.link.listen(up, (body) => {
      const message = readUp(body)
      if (message !== undefined) this.hear(message)
    })
    this.link.onceClosed(({ _tag }) => this.onPipeOver(_tag === "ProtocolViolation"))
    dispatcher.join(place.serial, (server, id, handle) =>
      handles.send(process.process, server, id, handle),
    )
    living.add(process)
    process.once("exit", (exitCode: number | null, signal: string | null) => {
      this.onExit({ exitCode, signal })
    })
    // A later one is a send that failed because the process has gone: `exit` tells that.
    process.on("error", () => {})
    handles.onAnswer(process.process, (answer) => this.onAnswer(answer))
    process.once("disconnect", () => this.settle())
    process.on("message", (message: unknown) => {
      if (message === "ready") hooks.onReady()
    })
  }

  get pid(): number {
    return this.process.process.pid ?? -1
  }

  private say(message: Down): void {
    this.link.send(this.line, message)
  }

  private hear(message: Up): void {
    switch (message[0]) {
      case "ready": {
        return this.hooks.onReady()
      }
      case "listening": {
        return message[1] === null ? undefined : this.hooks.onListening(message[1])
      }
      case "listen": {
        const [, id, request] = message
        return this.dispatcher.listen(this.serial, id, request, ({ errno, sockname }, data) =>
          this.say(["listened", id, errno, sockname, data]),
        )
      }
      case "close": {
        return this.dispatcher.unlisten(this.serial, message[1])
      }
      case "closed": {
        return this.dispatcher.closed(this.serial, message[1])
      }
      case "drained": {
        this.hasDrained = true
        return this.tellDrained()
      }
      case "leaving": {
        return this.dispatcher.shut(this.serial)
      }
      case "crashed": {
        this.report = message[1]
        return
      }
      case "pong": {
        this.pongs.get(message[1])?.(message[2])
        return
      }
    }
  }

  private onAnswer({ closed, id, isTaken }: Answer): void {
    this.dispatcher.closed(this.serial, closed)
    if (isTaken) this.dispatcher.taken(this.serial, id)
    else this.dispatcher.refused(this.serial, id)
    this.tellDrained()
  }

  /** It may say so on the pipe before its last answers are here. */
  private tellDrained(): void {
    if (this.hasDrained && this.dispatcher.isIdle(this.serial)) this.hooks.onDrained()
  }

  private onExit(ended: Ended): void {
    living.delete(this.process)
    this.ended = ended
    this.settle()
  }

  private onPipeOver(isGarbage: boolean): void {
    this.isPipeOver = true
    this.dispatcher.shut(this.serial)
    if (isGarbage && this.ended === undefined) this.hooks.onPipeLost()
    this.settle()
  }

  private settle(): void {
    if (this.isOver) return
    const isSilent = this.isPipeOver && !this.process.process.connected
    if (this.ended !== undefined && isSilent) return this.finish()
    // `disconnect` alone is the worker's own affair.
    if (this.ended === undefined && !this.isPipeOver) return
    this.timer ??= setTimeout(() => {
      if (this.ended === undefined) this.hooks.onPipeLost()
      else this.finish()
    }, patience)
  }

  private finish(): void {
    if (this.isOver || this.ended === undefined) return
    this.isOver = true
    clearTimeout(this.timer)
    // The order matters: whoever is told may start another one.
    this.dispatcher.gone(this.serial)
    this.hooks.onExit({ ...this.ended, report: this.report })
  }

  open(): void {
    this.dispatcher.open(this.serial)
  }

  drain(): void {
    this.dispatcher.shut(this.serial)
    // Only from now on it can know.
    this.hasDrained = false
    this.say(["drain", this.dispatcher.handedTo(this.serial)])
  }

  end(): void {
    this.dispatcher.shut(this.serial)
    this.say(["end", this.spec.killSignal])
    this.process.process.kill(this.spec.killSignal)
  }

  kill(signal: NodeJS.Signals): void {
    if (signal === "SIGINT") this.say(["signal", signal])
    else this.process.process.kill(signal)
  }

  /** How many requests it has begun to answer; none when it is late. */
  readonly askRequests: Effect.Effect<Option.Option<number | null>> = Effect.suspend(() => {
    if (this.link.closed !== undefined) return Effect.succeedNone
    const id = this.nextPing++
    return Effect.callback<number | null>((resume) => {
      this.pongs.set(id, (requests) => resume(Effect.succeed(requests)))
      this.say(["ping", id])
    }).pipe(
      Effect.timeoutOption(statsTimeout),
      Effect.ensuring(Effect.sync(() => this.pongs.delete(id))),
    )
  })

  release(): void {
    clearTimeout(this.timer)
    this.dispatcher.gone(this.serial)
  }
}
