/** One task that a thread runs: its signal, its outcome, the values of a stream; a bare handler's context. */
import { encodeError, encodeThrown } from "../wire/errors.ts"
import { type Code, code, type EncodedFailure, type Extra, type Trace } from "../wire/protocol.ts"

/** What a handler answers that tells its outcome later, through the `Run`. */
export const pending = Symbol("pending")

/** Values of one chunk, at most. */
const chunkSize = 64

/**
 * Throw this in a bare handler to fail the task with an error of its contract, given as the `Iso` side
 * of the error's Schema. Anything else that is thrown is a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class Failure extends Error {
  override readonly name = "Failure"
  readonly error: unknown

  constructor(error: unknown, options?: ErrorOptions) {
    super("the task failed", options)
    this.error = error
  }
}

const nothing = {}

type Tell = (run: Run, what: Code, content: unknown) => void

export class Run {
  readonly slot: number
  readonly kind: number | string
  readonly extra: Extra | undefined
  isOver = false
  /** It was not over when its function returned. */
  isAsync = false
  startedAt = 0
  /** Chunks that may be under way; 0 for a task that is no stream. */
  credit: number
  isAborted = false
  /** Told when nobody wants the outcome any more. */
  onAbort: (() => void) | undefined
  private controller: AbortController | undefined
  private onCredit: (() => void) | undefined
  private sent = 0
  private readonly onEnd: Tell
  private readonly onEvent: Tell

  constructor(
    slot: number,
    kind: number | string,
    extra: Extra | undefined,
    onEnd: Tell,
    onEvent: Tell,
  ) {
    this.slot = slot
    this.kind = kind
    this.extra = extra
    this.credit = extra?.credit ?? 0
    this.onEnd = onEnd
    this.onEvent = onEvent
  }

  /** Aborted when nobody wants the outcome any more. Made when it is first asked for. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.isAborted) this.controller.abort()
    return this.controller.signal
  }

  abort(): void {
    if (this.isAborted) return
    this.isAborted = true
    this.controller?.abort()
    this.onAbort?.()
    this.wake()
  }

  succeed(value: unknown): void {
    this.end(code.success, value)
  }

  /** It threw: an error of the contract, what its signal told it to throw, or a bug. */
  threw(error: unknown): void {
    if (isFailure(error)) {
      const details = { ...encodeError(error), message: "", props: undefined }
      this.end(code.fail, { error: error.error, details } satisfies EncodedFailure)
    } else if (this.isAborted) this.end(code.interrupted, undefined)
    else this.end(code.die, encodeThrown(error))
  }

  end(what: Code, content: unknown): void {
    if (this.isOver) return
    this.isOver = true
    this.onEnd(this, what, content)
  }

  /** What it told while it ran cannot be copied: that fails it, and it is told to end. */
  refuse(error: unknown): void {
    this.end(code.unsendable, error instanceof Error ? error.message : String(error))
    this.abort()
  }

  /** A function of its own: whoever takes the context apart can call it. */
  get progress(): (value: unknown) => void {
    return (value) => {
      if (!this.isOver) this.onEvent(this, code.progress, value)
    }
  }

  get carried(): Readonly<Record<string, unknown>> {
    return this.extra?.carried ?? nothing
  }

  get trace(): Trace | undefined {
    return this.extra?.trace
  }

  /** The reader has taken so many chunks. */
  grant(chunks: number): void {
    this.credit += chunks
    this.wake()
  }

  private wake(): void {
    const { onCredit } = this
    this.onCredit = undefined
    onCredit?.()
  }

  /** Send some values of a stream; waits until another chunk may be sent. */
  async chunk(values: ReadonlyArray<unknown>): Promise<void> {
    this.sendChunk(values)
    if (this.sent >= this.credit && !this.isAborted) {
      await new Promise<void>((resolve) => {
        this.onCredit = resolve
      })
    }
  }

  private sendChunk(values: ReadonlyArray<unknown>): void {
    this.sent++
    this.onEvent(this, code.chunk, values)
  }

  /** Send what an iterable gives, in its pace and that of the reader. */
  stream(values: unknown): void {
    this.pour(values).then(
      () => this.end(this.isAborted ? code.interrupted : code.success, undefined),
      (error: unknown) => this.threw(error),
    )
  }

  private async pour(values: unknown): Promise<void> {
    if (isAsyncIterable(values)) {
      for await (const value of values) {
        if (this.isAborted) return
        await this.chunk([value])
        if (this.isAborted) return
      }
      return
    }
    if (!isIterable(values)) throw new TypeError("a stream task must answer an iterable")
    let chunk: Array<unknown> = []
    for (const value of values) {
      chunk.push(value)
      if (chunk.length < chunkSize) continue
      await this.chunk(chunk)
      if (this.isAborted) return
      chunk = []
    }
    if (chunk.length > 0) this.sendChunk(chunk)
  }
}

/** Of a Proxy nobody knows what it does when it is asked. */
const isFailure = (error: unknown): error is Failure => {
  try {
    return error instanceof Failure
  } catch {
    return false
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value
