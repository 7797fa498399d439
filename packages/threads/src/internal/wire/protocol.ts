/**
 * What a pool and its thread say to each other: one line of a Link each way. A body is a list that
 * begins with its kind; tasks and answers follow flat, because one list of a thousand values is
 * copied many times as fast as a thousand lists.
 *
 * | pool to thread | |
 * | --- | --- |
 * | `hello, Hello` | first: how to serve |
 * | `tasks, slot, kind, payload, extra, …` | four values for each task |
 * | `cancel, slot` | nobody wants the answer any more |
 * | `credit, slot, chunks` | a reader has taken so many chunks of a stream |
 * | `finish` | no more tasks come: tear down and go |
 *
 * | thread to pool | |
 * | --- | --- |
 * | `ready, names` | it serves these tasks; a task's kind is its index here |
 * | `answers, kind, count, time, others, slot, code, content, …` | three values for each answer |
 * | `recycle` | its heap is over the limit |
 *
 * Answers begin with what tasks took: of the first kind how many and how many ns together; `others` is a
 * flat list of the same for further kinds, or 0. A kind is an index or a name.
 *
 * There is no `undefined` in the message about a task that has no payload or no result: without it JSON
 * carries the message, which is faster.
 */
import type { LinkOptions } from "@manycore/ipc/bare/Link"

import type { EncodedError } from "./errors.ts"

export const taskLine = "tasks"
export const answerLine = "answers"

export const toThread = { hello: 0, tasks: 1, cancel: 2, credit: 3, finish: 4 } as const
export const toPool = { ready: 0, answers: 1, recycle: 2 } as const

/** Memory is that of one process: nothing is refused for its size. */
export const linkOptions: LinkOptions = {
  window: 64 * 1024 * 1024,
  maxMessageBytes: Number.MAX_SAFE_INTEGER,
}

/** Values for each task, and for each answer. */
export const taskStride = 4
export const answerStride = 3

/** Where the first answer begins. */
export const answersFrom = 5

/** In the place of a task's `Extra` where there is none: 0, or that its payload is `undefined`. */
export const noPayload = 1

/** What an answer says about its task. All but `chunk`, `progress` and `seen` are its end. */
export const code = {
  /** It succeeded with the content. */
  success: 0,
  /** It failed with an error of the contract: `EncodedFailure`. */
  fail: 1,
  /** It threw: `EncodedError`. */
  die: 2,
  /** It ended because it was cancelled. */
  interrupted: 3,
  /** It was reclaimed before it started, and the thread has seen that. */
  skipped: 4,
  /** The payload does not fit, or the thread does not serve it: a sentence. */
  refused: 5,
  /** What it answers cannot be copied: a sentence. */
  unsendable: 6,
  /** Some values of a stream. */
  chunk: 7,
  /** How far it is. */
  progress: 8,
  /** It was told that it is cancelled, and is at it. */
  seen: 9,
  /** It succeeded with `undefined`. */
  nothing: 10,
} as const

/** The end of a stream is a success without content. */
export type Code = (typeof code)[keyof typeof code]

export interface Hello {
  readonly words: Int32Array
  /** Async tasks at once. */
  readonly concurrency: number
  /** Bytes of heap in use after which the thread asks to be replaced; 0: never. */
  readonly heapLimit: number
  /** For the entry that serves any module: the one to load before it is ready. */
  readonly module: string | undefined
}

/** What comes with a task besides its payload, where there is anything. */
export interface Extra {
  /** The results that the thread owes are posted before it starts. */
  readonly abortable?: true
  readonly trace?: Trace
  /** It is a stream, and so many chunks may be under way. */
  readonly credit?: number
  /** What the caller carries of its context: `Iso` sides by name. */
  readonly carried?: Readonly<Record<string, unknown>>
}

/** The caller's span. */
export interface Trace {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** An error of the contract: the `Iso` side of its Schema, and what the Schema does not know of. */
export interface EncodedFailure {
  readonly error: unknown
  readonly details: EncodedError | undefined
}
