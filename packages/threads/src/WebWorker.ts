/**
 * A thread with the face of a web worker: `postMessage`, `onmessage`, `onerror`, `terminate`, from a
 * function or a file. For programs that were written for one, or for the package webworker-threads;
 * messages are untyped, and nothing queues, retries or replaces: that is what a `Pool` is for.
 *
 * How it stops: with `terminate()` (or `await using`), with `close()` in its thread, or when its script
 * cannot be run. Until then it keeps the process alive, unless `unref()`.
 *
 * @since 0.1.0
 */
import { pathToFileURL } from "node:url"
import { type Transferable, Worker } from "node:worker_threads"

import { Effect, type Scope } from "effect"

import { InlineError } from "./InlineError.ts"
import { type AnyFunction, sourceOf } from "./internal/inline/sourceOf.ts"
import { type FromThread, MESSAGE, type Script } from "./internal/inline/webWorkerFrames.ts"
import { decodeThrown } from "./internal/wire/errors.ts"
import { threadExited } from "./shared/threadExited.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What a profiler calls the thread, and `self.name` in it. Default empty. */
  readonly name?: string
}

/**
 * What arrives as `message`.
 *
 * @category models
 * @since 0.1.0
 */
export class WebWorkerMessageEvent extends Event {
  readonly data: unknown

  constructor(data: unknown, type = "message") {
    super(type)
    this.data = data
  }
}

/**
 * What arrives as `error`: something that nobody in the thread caught.
 *
 * @category models
 * @since 0.1.0
 */
export class WebWorkerErrorEvent extends Event {
  readonly error: unknown
  readonly message: string

  constructor(error: unknown) {
    super("error")
    this.error = error
    this.message = error instanceof Error ? error.message : String(error)
  }
}

/** What a worker's function may use besides the globals of Node.js. */
const given = [
  "self",
  "name",
  "onmessage",
  "postMessage",
  "close",
  "addEventListener",
  "removeEventListener",
  "dispatchEvent",
]

const fileOf = import.meta.url.endsWith(".ts")
  ? "./internal/inline/webWorker.thread.ts"
  : "./internal/inline/webWorker.thread.js"

const scriptOf = (script: AnyFunction | URL | string): Script["script"] => {
  if (typeof script === "function") {
    return { kind: "function", source: sourceOf(script, [...given, "this"]) }
  }
  if (script instanceof URL) return { kind: "module", href: script.href }
  const isUrl = /^(?:file|data|node):/.test(script)
  return { kind: "module", href: isUrl ? script : pathToFileURL(script).href }
}

/**
 * In its thread a script finds `self`, `name`, `postMessage`, `onmessage`, `close` and
 * `addEventListener`, besides all that Node.js has.
 *
 * ```ts
 * const worker = new WebWorker(function () {
 *   onmessage = ({ data }) => postMessage(data * 2)
 * })
 * worker.onmessage = ({ data }) => console.log(data)
 * worker.postMessage(21)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export class WebWorker extends EventTarget implements AsyncDisposable {
  onmessage: ((event: WebWorkerMessageEvent) => void) | null = null
  onmessageerror: ((event: WebWorkerMessageEvent) => void) | null = null
  onerror: ((event: WebWorkerErrorEvent) => void) | null = null

  /** Fulfilled with the exit code when the thread is gone. */
  readonly exited: Promise<number>
  readonly threadId: number
  readonly #worker: Worker
  #hears = false

  /**
   * @param script a function that takes nothing from around it, a file URL, or a path from the working
   *   directory. Throws `InlineError` for a function that uses what a thread does not have.
   */
  constructor(script: AnyFunction | URL | string, options: Options = {}) {
    super()
    const { name = "" } = options
    const workerData: Script = { name, script: scriptOf(script) }
    this.#worker = new Worker(new URL(fileOf, import.meta.url), { name, workerData })
    this.threadId = this.#worker.threadId
    this.exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        threadExited(this.threadId)
        resolve(code)
      })
    })
    this.#worker.on("message", ([kind, content]: FromThread) => {
      if (kind === MESSAGE) this.#message(new WebWorkerMessageEvent(content))
      else this.#error(decodeThrown(content))
    })
    this.#worker.on("messageerror", (error) => {
      const event = new WebWorkerMessageEvent(error, "messageerror")
      this.onmessageerror?.(event)
      this.dispatchEvent(event)
    })
    this.#worker.on("error", (error) => this.#error(error))
  }

  #message(event: WebWorkerMessageEvent): void {
    this.onmessage?.(event)
    this.dispatchEvent(event)
  }

  #error(error: unknown): void {
    const event = new WebWorkerErrorEvent(error)
    if (this.onerror === null && !this.#hears) {
      process.emitWarning(`a WebWorker failed, and has no onerror: ${event.message}`)
    }
    this.onerror?.(event)
    this.dispatchEvent(event)
  }

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    if (args[0] === "error") this.#hears = true
    super.addEventListener(...args)
  }

  /** Send a value, copied by structured clone; what `transfer` lists moves. */
  postMessage(value: unknown, transfer: ReadonlyArray<Transferable> = []): void {
    this.#worker.postMessage(value, [...transfer])
  }

  /** End the thread now, whatever it does. Answers its exit code. */
  terminate(): Promise<number> {
    void this.#worker.terminate()
    return this.exited
  }

  /** It keeps the process alive, as it does from the beginning. */
  ref(): void {
    this.#worker.ref()
  }

  /** It does not keep the process alive. */
  unref(): void {
    this.#worker.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate()
  }
}

/**
 * A `WebWorker` that is gone when its Scope closes. Fails with `InlineError` for a function that uses
 * what a thread does not have.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  script: AnyFunction | URL | string,
  options?: Options,
): Effect.Effect<WebWorker, InlineError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      try {
        return Effect.succeed(new WebWorker(script, options))
      } catch (error) {
        return error instanceof InlineError ? Effect.fail(error) : Effect.die(error)
      }
    }),
    (worker) => Effect.promise(() => worker.terminate()),
  )
