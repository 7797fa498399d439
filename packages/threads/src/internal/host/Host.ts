/**
 * The thread's side of a pool: takes tasks in their order, starts those that are still wanted, posts
 * answers in batches: with the last task of a batch, or after 0.2 ms of work, so that nobody waits
 * for a result that is there. What runs the tasks is the entry's: plain functions or Effects.
 *
 * Shutdown, when the pool says `finish`:
 * 1. `teardown` of the entry runs; what it owes is posted.
 * 2. The link says goodbye, and a thread with nothing left to do exits by itself.
 *
 * When the thread exits before, what it owes is posted on its way out.
 */
import { Link } from "@manycore/ipc/bare/Link"
import { parentThreadWire } from "@manycore/ipc/bare/portWire"

import * as Words from "../core/Words.ts"
import {
  answerLine,
  type Code,
  code,
  type Extra,
  type Hello,
  linkOptions,
  noPayload,
  taskLine,
  taskStride,
  toPool,
  toThread,
} from "../wire/protocol.ts"
import { Inbox } from "./Inbox.ts"
import { isThenable } from "./isThenable.ts"
import { Outgoing } from "./Outgoing.ts"
import { Rest } from "./Rest.ts"
import { pending, Run } from "./Run.ts"

/** A message of at most so many tasks: those that take longer on their way than to be run. */
const few = 1 + 4 * taskStride

export type Handler = (payload: unknown, run: Run) => unknown

/** What an entry serves. */
interface Served {
  readonly handlers: ReadonlyMap<string, Handler>
  /** For a task that is none of them. */
  readonly find?: (task: string) => Handler | undefined
}

export interface Entry {
  /** Runs before the first task; may take its time. */
  readonly setup: (hello: Hello) => Served | PromiseLike<Served>
  /** Runs after the last one. */
  readonly teardown: () => unknown
}

/** The pool's own version of what a thread may be asked at a time. */
export class Host {
  private readonly link: Link
  private readonly entry: Entry
  private readonly inbox = new Inbox()
  private readonly runs = new Map<number, Run>()
  private readonly outgoing: Outgoing
  private readonly rest: Rest
  private words: Int32Array = new Int32Array(0)
  private concurrency = 1
  private handlers: Array<Handler> = []
  private find: ((task: string) => Handler | undefined) | undefined
  private isFinishing = false

  constructor(entry: Entry) {
    const wire = parentThreadWire()
    if (wire === undefined) {
      throw new Error("nobody gives this file tasks: it is the entry file of a pool's threads")
    }
    this.entry = entry
    this.link = new Link(wire, linkOptions)
    this.rest = new Rest(wire, () => this.runs.size > 0 || this.isFinishing)
    this.outgoing = new Outgoing(this.link, this.link.line(answerLine))
    this.link.listen(taskLine, (body) => this.onMessage(body))
    process.on("exit", () => this.outgoing.flush())
    // What the pool says first is here already: to serve need not wait for the event loop to bring it.
    queueMicrotask(() => wire.poll?.())
  }

  private onMessage(body: unknown): void {
    if (!Array.isArray(body)) return
    const message: ReadonlyArray<unknown> = body
    switch (message[0]) {
      case toThread.tasks: {
        this.inbox.add(message)
        this.drain()
        if (message.length <= few) this.rest.begin()
        return
      }
      case toThread.cancel: {
        this.onCancel(Number(message[1]))
        return
      }
      case toThread.credit: {
        this.runs.get(Number(message[1]))?.grant(Number(message[2]))
        return
      }
      case toThread.hello: {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own pool says so
        void this.begin(message[1] as Hello)
        return
      }
      case toThread.finish: {
        void this.finish()
        return
      }
      default:
    }
  }

  /** A setup that fails is a rejection that nobody handles: it ends the thread with its error. */
  private async begin(hello: Hello): Promise<void> {
    this.words = hello.words
    this.rest.words = hello.words
    this.concurrency = hello.concurrency
    this.outgoing.heapLimit = hello.heapLimit
    const { find, handlers } = await this.entry.setup(hello)
    this.handlers = [...handlers.values()]
    this.find = find
    this.outgoing.send([toPool.ready, [...handlers.keys()]])
    this.rest.begin()
  }

  private async finish(): Promise<void> {
    if (this.isFinishing) return
    this.isFinishing = true
    try {
      await this.entry.teardown()
    } finally {
      this.outgoing.flush()
      this.link.close()
    }
  }

  private onCancel(slot: number): void {
    const run = this.runs.get(slot)
    if (run === undefined) return
    this.outgoing.answer(slot, code.seen, undefined)
    this.outgoing.flush()
    run.abort()
  }

  /** Start what may start. */
  private drain(): void {
    const { inbox, outgoing } = this
    outgoing.begin()
    while (inbox.size > 0 && this.runs.size < this.concurrency) {
      const { body, index } = inbox
      inbox.next()
      // oxlint-disable typescript/no-unsafe-type-assertion -- our own pool says so
      this.start(
        body[index] as number,
        body[index + 1] as number | string,
        body[index + 3] === noPayload ? undefined : body[index + 2],
        body[index + 3] as Extra | number,
      )
      // oxlint-enable typescript/no-unsafe-type-assertion
    }
    outgoing.flush()
  }

  private handlerOf(kind: number | string): Handler | undefined {
    return typeof kind === "number" ? this.handlers[kind] : this.find?.(kind)
  }

  private start(
    slot: number,
    kind: number | string,
    payload: unknown,
    given: Extra | number,
  ): void {
    const { outgoing, words } = this
    if (!Words.start(words, slot)) return outgoing.answer(slot, code.skipped, undefined)
    const handler = this.handlerOf(kind)
    if (handler === undefined) {
      return outgoing.answer(slot, code.refused, `the entry does not serve ${kind}`)
    }
    const extra = typeof given === "number" ? undefined : given
    // Whoever may have to end this thread must not lose what is done.
    if (extra?.abortable === true || !outgoing.isShort(kind)) outgoing.flush()
    const run = new Run(slot, kind, extra, this.onEnd, this.onEvent)
    Words.setRunning(words, slot)
    let result: unknown
    let isLater = false
    try {
      result = handler(payload, run)
      isLater = result === pending || run.credit > 0 || isThenable(result)
    } catch (error) {
      run.threw(error)
    }
    Words.setRunning(words, -1)
    // It threw, or told its outcome itself.
    if (run.isOver) return
    if (isLater) return this.follow(run, result)
    run.isOver = true
    outgoing.answerValue(slot, result)
    outgoing.took(kind)
  }

  /** A task that is not over when its function has returned. */
  private follow(run: Run, result: unknown): void {
    run.isAsync = true
    run.startedAt = this.outgoing.lap()
    this.runs.set(run.slot, run)
    if (result === pending) return
    if (isThenable(result)) {
      // Of a thenable that is no promise nobody knows what it does when it is asked.
      Promise.resolve(result).then(
        (value) => (run.credit > 0 ? run.stream(value) : run.succeed(value)),
        (error: unknown) => run.threw(error),
      )
    } else run.stream(result)
  }

  private readonly onEvent = (run: Run, what: Code, content: unknown): void => {
    this.outgoing.event(run.slot, what, content, (error) => run.refuse(error))
  }

  private readonly onEnd = (run: Run, what: Code, content: unknown): void => {
    const { outgoing, runs } = this
    if (what === code.success) outgoing.answerValue(run.slot, content)
    else outgoing.answer(run.slot, what, content)
    if (!run.isAsync) return outgoing.took(run.kind)
    outgoing.tookSince(run.kind, run.startedAt)
    runs.delete(run.slot)
    outgoing.flushSoon()
    if (this.inbox.size > 0) this.drain()
  }
}
