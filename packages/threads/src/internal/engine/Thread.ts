/**
 * One worker thread as its pool sees it: the tasks that it holds, by slot; the outbox, which leaves
 * once per microtask as one message; its end. It decides nothing: whoever owns it is told.
 *
 * How it ends: by itself, after `finish` and the teardown of its entry; or by `terminate`. Either way
 * `onExit` is told once, after all that it had posted was read.
 */
import { Worker, type WorkerOptions } from "node:worker_threads"

import { Link } from "@manycore/ipc/bare/Link"

import { threadExited } from "../../shared/threadExited.ts"
import { mostSlots } from "../core/Words.ts"
import * as Words from "../core/Words.ts"
import {
  answerLine,
  answersFrom,
  answerStride,
  type Code,
  code,
  type Hello,
  linkOptions,
  taskLine,
  toPool,
  toThread,
} from "../wire/protocol.ts"
import type { Job } from "./Job.ts"
import { TaskOutbox } from "./TaskOutbox.ts"
import { wakingWire } from "./wakingWire.ts"

/** What a thread tells its pool. */
export interface ThreadEvents {
  /** It has something to send: call `flush` soon. */
  readonly onOutbox: (thread: Thread) => void
  readonly onReady: (thread: Thread, names: ReadonlyArray<string>) => void
  /** What so many tasks of this kind took together, in µs. */
  readonly onTime: (thread: Thread, kind: number | string, count: number, micros: number) => void
  /** A task that it held is over. Its outcome is told next, unless it is cancelled. */
  readonly onFreed: (thread: Thread, job: Job) => void
  /** All answers of one message were told. */
  readonly onAnswered: (thread: Thread) => void
  readonly onUnsendable: (thread: Thread, job: Job, error: unknown) => void
  readonly onRecycle: (thread: Thread) => void
  readonly onExit: (
    thread: Thread,
    exitCode: number | null,
    cause: { error: unknown } | undefined,
  ) => void
}

/**
 * - `starting`: it does not serve yet.
 * - `ready`: it takes tasks.
 * - `retiring`: it takes none and finishes what it has.
 * - `dying`: it was told to end at once.
 * - `over`: it is gone.
 */
export type ThreadPhase = "starting" | "ready" | "retiring" | "dying" | "over"

export interface ThreadOptions {
  readonly entry: URL
  readonly worker: WorkerOptions
  readonly hello: Omit<Hello, "words">
}

export class Thread {
  readonly threadId: number
  readonly worker: Worker
  readonly words = Words.makeWords()
  /** Its place among the pool's threads; -1 for a spare. */
  place = -1
  phase: ThreadPhase = "starting"
  /** Tasks that it holds and has not given back. */
  held = 0
  /** µs of work that they are expected to take. */
  load = 0
  /** It serves, or did. */
  wasReady = false
  /** We told it to end. */
  isTold = false
  /** Tasks that it goes on with although nobody waits for them. */
  abandoned = 0
  /** Tasks that it has ended. */
  done = 0
  /** µs that tasks took. */
  busy = 0
  readonly startedAt = performance.now()
  idleSince = performance.now()
  heardAt = performance.now()
  startTimer: NodeJS.Timeout | undefined
  private readonly jobs: Array<Job | undefined> = []
  private readonly freed: Array<number> = []
  private readonly link: Link
  private readonly line: number
  private readonly events: ThreadEvents
  private readonly outbox: TaskOutbox
  private sequence = 0
  private cause: { error: unknown } | undefined

  constructor(options: ThreadOptions, events: ThreadEvents) {
    this.events = events
    this.worker = new Worker(options.entry, options.worker)
    this.threadId = this.worker.threadId
    this.worker.on("error", (error) => {
      this.cause = { error }
    })
    this.link = new Link(wakingWire(this.worker, this.words), linkOptions)
    this.line = this.link.line(taskLine)
    this.outbox = new TaskOutbox(this.link, this.line, {
      onFilled: () => events.onOutbox(this),
      jobOf: (slot) => this.jobs[slot],
      onUnsendable: (slot, error) => this.onUnsendable(slot, error),
    })
    this.link.listen(answerLine, (body) => this.onMessage(body))
    // A thread whose port is closed answers nothing any more, whatever it still does.
    this.link.onceClosed((reason) => {
      if (reason._tag !== "PeerExited" && this.phase !== "retiring") this.terminate()
    })
    this.worker.once("exit", (exitCode) => {
      this.phase = "over"
      clearTimeout(this.startTimer)
      // What it held of locks and rings belongs to the others again.
      threadExited(this.threadId)
      events.onExit(this, exitCode, this.cause)
    })
    // The pool as a whole keeps the process alive, while there is something to wait for.
    this.worker.unref()
    const hello: Hello = { ...options.hello, words: this.words }
    this.link.send(this.line, [toThread.hello, hello])
  }

  /** The share of its life in which it ran tasks; over 1 where async tasks overlap. */
  get utilization(): number {
    return this.busy / 1000 / Math.max(performance.now() - this.startedAt, 1)
  }

  get hasSlot(): boolean {
    return this.freed.length > 0 || this.jobs.length < mostSlots
  }

  /** Send it a task with the next flush. */
  add(job: Job, wireKind: number | string): void {
    const slot = this.freed.pop() ?? this.jobs.length
    this.jobs[slot] = job
    job.thread = this
    job.slot = slot
    job.phase = "dispatched"
    job.sequence = this.sequence++
    this.held++
    this.load += job.cost
    Words.enqueue(this.words, slot)
    this.outbox.add(job, wireKind)
  }

  flush(): void {
    this.outbox.flush()
  }

  private onUnsendable(slot: number, error: unknown): void {
    const job = this.jobs[slot]
    this.free(slot)
    // One that was taken back meanwhile is not ours to tell.
    if (job === undefined) return
    this.letGo(job)
    this.events.onUnsendable(this, job, error)
  }

  /** Take a task back that has not started; false when it has. */
  takeBack(job: Job): boolean {
    if (!Words.reclaim(this.words, job.slot)) return false
    // Its slot is free when the thread has seen that.
    this.jobs[job.slot] = undefined
    this.letGo(job)
    return true
  }

  /** The tasks that have not started, taken back, in the order in which they were sent. */
  takeBackAll(): Array<Job> {
    return this.takeBackSome(Number.POSITIVE_INFINITY, () => true)
  }

  /** At most so many of them: those that were sent last. */
  takeBackSome(most: number, mayMove: (job: Job) => boolean): Array<Job> {
    const waiting: Array<Job> = []
    for (const job of this.jobs) {
      if (job?.phase !== "dispatched" || job.isMoved || !mayMove(job)) continue
      if (Words.isQueued(this.words, job.slot)) waiting.push(job)
    }
    waiting.sort((a, b) => a.sequence - b.sequence)
    return waiting.slice(-Math.min(most, waiting.length)).filter((job) => this.takeBack(job))
  }

  /** Of a thread that is gone: those that had not started, and those that had. */
  takeAll(): { readonly unstarted: Array<Job>; readonly started: Array<Job> } {
    const unstarted = this.takeBackAll()
    const started = this.jobs.filter((job) => job !== undefined)
    this.jobs.length = 0
    for (const job of started) this.letGo(job)
    return { unstarted, started }
  }

  /** Tell a task that has started that nobody wants its answer. */
  cancel(slot: number): void {
    this.link.send(this.line, [toThread.cancel, slot])
  }

  /** A reader has taken so many chunks of a stream. */
  credit(slot: number, chunks: number): void {
    this.link.send(this.line, [toThread.credit, slot, chunks])
  }

  /** No task comes any more: it tears down and goes. */
  finish(): void {
    this.isTold = true
    this.link.send(this.line, [toThread.finish])
  }

  /** End it at once. Harmless when it has ended. */
  terminate(): void {
    if (this.phase === "over") return
    this.phase = "dying"
    this.isTold = true
    // It cannot fail: the promise is fulfilled with the exit code.
    void this.worker.terminate()
  }

  private free(slot: number): void {
    this.jobs[slot] = undefined
    Words.release(this.words, slot)
    this.freed.push(slot)
  }

  private letGo(job: Job): void {
    this.held--
    this.load = this.held === 0 ? 0 : this.load - job.cost
    job.thread = undefined
  }

  private onMessage(body: unknown): void {
    if (!Array.isArray(body)) return
    const message: ReadonlyArray<unknown> = body
    switch (message[0]) {
      case toPool.answers: {
        this.onAnswers(message)
        return
      }
      case toPool.ready: {
        if (this.phase !== "starting" || !Array.isArray(message[1])) return
        clearTimeout(this.startTimer)
        this.phase = "ready"
        this.wasReady = true
        this.events.onReady(this, message[1].map(String))
        return
      }
      case toPool.recycle: {
        this.events.onRecycle(this)
        return
      }
      default:
    }
  }

  private onAnswers(message: ReadonlyArray<unknown>): void {
    this.onTime(message, 1)
    const others = message[4]
    if (Array.isArray(others)) for (let i = 0; i < others.length; i += 3) this.onTime(others, i)
    for (let i = answersFrom; i < message.length; i += answerStride) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a slot that is none finds no job
      this.onAnswer(message[i] as number, message[i + 1] as Code, message[i + 2])
    }
    this.events.onAnswered(this)
  }

  private onTime(list: ReadonlyArray<unknown>, from: number): void {
    const [kind, count, nanos] = [list[from], list[from + 1], list[from + 2]]
    if (typeof count !== "number" || typeof nanos !== "number" || count < 1) return
    if (typeof kind === "number" || typeof kind === "string") {
      this.events.onTime(this, kind, count, nanos / 1000)
    }
  }

  private onAnswer(slot: number, what: Code, content: unknown): void {
    if (what === code.skipped) return this.free(slot)
    const job = this.jobs[slot]
    if (job === undefined) return
    if (what === code.seen) {
      if (job.cancelling !== undefined) job.cancelling.isSeen = true
      return
    }
    if (what === code.chunk || what === code.progress) {
      if (job.phase === "dispatched") job.onEvent(what, content)
      return
    }
    this.free(slot)
    this.letGo(job)
    this.done++
    const isWanted = job.phase === "dispatched"
    // Whoever is told of the outcome finds the books done.
    this.events.onFreed(this, job)
    if (!isWanted) return
    if (what === code.nothing) job.onAnswer(code.success, undefined, this)
    else job.onAnswer(what, content, this)
  }
}
