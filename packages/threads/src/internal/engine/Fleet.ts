/**
 * The threads of a pool: starts them, replaces those that end, keeps spares, sends idle ones home,
 * and gives up when they die before they have done anything. It knows nothing of queues.
 *
 * Shutdown: `finish` asks every thread to tear down and go; `terminate` ends those that are left;
 * `onEmpty` is told when the last one is gone.
 */
import { Restarts } from "../core/Restarts.ts"
import type { Job } from "./Job.ts"
import type { EngineOptions } from "./options.ts"
import { Thread, type ThreadEvents } from "./Thread.ts"

export interface FleetEvents {
  /** A thread takes tasks from now on. */
  readonly onReady: (thread: Thread, names: ReadonlyArray<string>) => void
  /** Tasks that their thread will not run. */
  readonly onReturned: (jobs: ReadonlyArray<Job>) => void
  /** Tasks whose thread ended while it ran them. */
  readonly onLost: (
    jobs: ReadonlyArray<Job>,
    thread: Thread,
    exitCode: number | null,
    cause: { error: unknown } | undefined,
  ) => void
  /** Threads do not live long enough to do anything. */
  readonly onGaveUp: (deaths: number, cause: unknown) => void
  /** The last thread is gone. */
  readonly onEmpty: () => void
}

const notServing = () => new Error("it did not serve within startTimeout: call ThreadEntry.run")

export class Fleet {
  /** Those that take tasks. */
  readonly ready: Array<Thread> = []
  /** Threads started, replacements included. */
  started = 0
  /** Threads that ended although nobody told them to. */
  lost = 0
  /** Replaced after so many tasks, for their heap, or for an async task that would not end. */
  recycled = 0
  /** Ended in the middle of a task that nobody wanted any more and that would not end. */
  terminated = 0
  isClosing = false
  /** Told when a thread has been started, and when one is gone. */
  readonly watchers = new Set<() => void>()
  private readonly all = new Set<Thread>()
  private readonly spares: Array<Thread> = []
  private readonly isSpare = new Set<Thread>()
  private readonly options: EngineOptions
  private readonly events: FleetEvents
  private readonly threadEvents: ThreadEvents
  private readonly restarts: Restarts
  private target: number
  private pause: NodeJS.Timeout | undefined
  private sweepTimer: NodeJS.Timeout | undefined
  private wasEverReady = false

  constructor(
    options: EngineOptions,
    events: FleetEvents,
    threadEvents: Omit<ThreadEvents, "onReady" | "onExit">,
  ) {
    this.options = options
    this.events = events
    this.restarts = new Restarts(options.intensity.times, options.intensity.within)
    this.target = options.minThreads
    this.threadEvents = {
      ...threadEvents,
      onReady: (thread, names) => this.onReady(thread, names),
      onExit: (thread, exitCode, cause) => this.onExit(thread, exitCode, cause),
    }
  }

  get size(): number {
    return this.target
  }

  get threads(): ReadonlySet<Thread> {
    return this.all
  }

  /** The places of all threads that take tasks, or will as soon as they are started and serve. */
  get places(): Array<number> {
    const places = new Set<number>()
    for (const thread of this.all) if (this.isMember(thread)) places.add(thread.place)
    for (let place = 0; places.size < this.target; place++) places.add(place)
    return [...places]
  }

  get isStarting(): boolean {
    if (this.pause !== undefined) return true
    for (const { phase } of this.all) if (phase === "starting") return true
    return false
  }

  /** There is more to do than the threads can take: one more, if it may be. */
  grow(): void {
    if (this.target >= this.options.maxThreads || this.isStarting) return
    this.target++
    this.ensure()
  }

  /** Start what is missing. */
  ensure(): void {
    if (this.isClosing || this.pause !== undefined) return
    let members = 0
    for (const thread of this.all) if (this.isMember(thread)) members++
    for (; members < this.target; members++) {
      const spare = this.spares.shift()
      if (spare === undefined) this.start(this.freePlace())
      else this.enlist(spare)
    }
    while (this.isSpare.size < this.options.spares) {
      const before = this.isSpare.size
      this.start(-1)
      if (this.isSpare.size === before) return
    }
  }

  /** No more tasks for it: it ends what it has, is gone, and another takes its place. */
  retire(thread: Thread): void {
    if (thread.phase !== "ready") return
    thread.phase = "retiring"
    this.dismiss(thread)
    this.events.onReturned(thread.takeBackAll())
    this.ensure()
    this.goIfDone(thread)
  }

  /** A retiring thread whose tasks are over goes. */
  goIfDone(thread: Thread): void {
    if (thread.phase !== "retiring" || thread.held > thread.abandoned) return
    if (thread.abandoned > 0) return thread.terminate()
    thread.finish()
    const late = setTimeout(() => thread.terminate(), this.options.closeTimeout)
    late.unref()
  }

  /** End it at once; another takes its place. */
  terminate(thread: Thread): void {
    if (thread.phase === "over" || thread.phase === "dying") return
    this.terminated++
    this.dismiss(thread)
    thread.terminate()
    this.events.onReturned(thread.takeBackAll())
    this.ensure()
  }

  /** Send home those that have been idle for too long. */
  sweep(): void {
    if (this.target <= this.options.minThreads || this.sweepTimer !== undefined) return
    this.sweepTimer = setTimeout(() => {
      this.sweepTimer = undefined
      const now = performance.now()
      // Tasks of one key are bound to the first places.
      for (const thread of this.ready.toSorted((a, b) => b.place - a.place)) {
        if (this.target <= this.options.minThreads) break
        if (thread.held > 0 || now - thread.idleSince < this.options.idleTimeout) continue
        this.target--
        this.retire(thread)
      }
      this.sweep()
    }, this.options.idleTimeout)
    this.sweepTimer.unref()
  }

  /** Ask all to tear down and go. */
  finish(): void {
    this.isClosing = true
    clearTimeout(this.pause)
    clearTimeout(this.sweepTimer)
    if (this.all.size === 0) return this.events.onEmpty()
    for (const thread of this.all) {
      if (thread.phase === "starting") thread.terminate()
      else if (thread.phase === "ready") {
        thread.phase = "retiring"
        this.goIfDone(thread)
      }
    }
    this.ready.length = 0
  }

  terminateAll(): void {
    for (const thread of this.all) thread.terminate()
  }

  private isMember(thread: Thread): boolean {
    return (thread.phase === "starting" || thread.phase === "ready") && !this.isSpare.has(thread)
  }

  private freePlace(): number {
    const taken = new Set<number>()
    for (const thread of this.all) if (this.isMember(thread)) taken.add(thread.place)
    let place = 0
    while (taken.has(place)) place++
    return place
  }

  private start(place: number): void {
    const { entry, concurrency, heapLimit, module, startTimeout } = this.options
    const number = ++this.started
    let thread: Thread
    try {
      thread = new Thread(
        {
          entry,
          worker: this.options.worker(number),
          hello: { concurrency, heapLimit, module },
        },
        this.threadEvents,
      )
    } catch (error) {
      // Told later, as any other thread that does not start.
      setImmediate(() => this.diedEarly(error, 0))
      return
    }
    thread.place = place
    this.all.add(thread)
    if (place === -1) this.isSpare.add(thread)
    for (const watch of this.watchers) watch()
    thread.startTimer = setTimeout(() => {
      thread.terminate()
      this.diedEarly(notServing(), startTimeout)
    }, startTimeout)
    thread.startTimer.unref()
  }

  private enlist(thread: Thread): void {
    this.isSpare.delete(thread)
    thread.place = this.freePlace()
    if (thread.phase === "ready") this.ready.push(thread)
  }

  private dismiss(thread: Thread): void {
    const index = this.ready.indexOf(thread)
    if (index !== -1) this.ready.splice(index, 1)
    this.forgetSpare(thread)
  }

  private forgetSpare(thread: Thread): void {
    this.isSpare.delete(thread)
    const index = this.spares.indexOf(thread)
    if (index !== -1) this.spares.splice(index, 1)
  }

  private onReady(thread: Thread, names: ReadonlyArray<string>): void {
    if (this.isClosing) return thread.terminate()
    this.wasEverReady = true
    if (this.isSpare.has(thread)) this.spares.push(thread)
    else this.ready.push(thread)
    this.events.onReady(thread, names)
  }

  private onExit(
    thread: Thread,
    exitCode: number | null,
    cause: { error: unknown } | undefined,
  ): void {
    const wasTold = thread.isTold
    this.all.delete(thread)
    for (const watch of this.watchers) watch()
    this.dismiss(thread)
    const { started, unstarted } = thread.takeAll()
    const wasEarly = thread.done === 0 && started.length === 0
    if (!wasTold && thread.wasReady) this.lost++
    this.events.onReturned(unstarted)
    this.events.onLost(started, thread, exitCode, cause)
    if (this.isClosing) {
      if (this.all.size === 0) this.events.onEmpty()
    } else if (wasTold || !wasEarly) this.ensure()
    else {
      const why = cause === undefined ? new Error(`it exited with code ${exitCode}`) : cause.error
      this.diedEarly(why, thread.wasReady ? 0 : performance.now() - thread.startedAt)
    }
  }

  /** @param spent ms of a start that failed */
  private diedEarly(cause: unknown, spent: number): void {
    if (this.isClosing) return
    const goesOn = this.restarts.died(performance.now(), spent) && this.wasEverReady
    const { attempt } = this.restarts
    const delay = goesOn ? this.options.respawnDelay(attempt) : undefined
    if (delay === undefined) return this.events.onGaveUp(attempt, cause)
    clearTimeout(this.pause)
    this.pause = setTimeout(() => {
      this.pause = undefined
      this.ensure()
    }, delay)
  }
}
