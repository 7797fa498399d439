/**
 * One task on its way: what it is, where it is, and whom to tell. A face of the pool makes one for
 * each call and says what its outcome means there.
 */
import type { Transferable } from "node:worker_threads"

import type { Waits } from "../core/Waiting.ts"
import { type Code, code, type Extra } from "../wire/protocol.ts"
import type { Thread } from "./Thread.ts"

/** Why a task has no answer of its thread. */
export type Lost =
  /** The thread that had started it ended. */
  | {
      readonly _tag: "ThreadExited"
      readonly threadId: number
      readonly exitCode: number | null
      readonly cause?: unknown
    }
  /** The payload cannot be copied. */
  | { readonly _tag: "NotSerializable"; readonly cause: unknown }
  | { readonly _tag: "QueueFull"; readonly capacity: number }
  | { readonly _tag: "Dropped"; readonly capacity: number }
  | { readonly _tag: "TimedOut"; readonly millis: number }
  | { readonly _tag: "PoolClosed" }
  /** The pool's `scheduling` threw. */
  | { readonly _tag: "SchedulingFailed"; readonly cause: unknown }
  /** The pool has stopped: its threads die before they do anything. */
  | { readonly _tag: "GaveUp"; readonly deaths: number; readonly cause: unknown }
  /** The entry does not serve a task of the contract. */
  | { readonly _tag: "NotServed"; readonly missing: string }

/**
 * - `new`: not handed to the engine.
 * - `waiting`: for a thread, or for room in the queue.
 * - `dispatched`: it has a thread and a slot; whether it has started is in the slot's word.
 * - `cancelling`: it had started when nobody wanted it any more; its slot is not free yet.
 * - `over`: it had its one outcome.
 */
export type Phase = "new" | "waiting" | "dispatched" | "cancelling" | "over"

/** The kind of a task that no thread was asked about yet. */
export const unknownKind = -1

export abstract class Job implements Waits {
  readonly task: string
  kind: number = unknownKind
  payload: unknown
  readonly transfer: ReadonlyArray<Transferable> | undefined
  readonly extra: Extra | undefined
  readonly priority: number
  /** The place among the threads where it must run; -1: anywhere. */
  place = -1
  waitsSince = 0
  phase: Phase = "new"
  thread: Thread | undefined
  slot = -1
  /** The order in which its thread got it. */
  sequence = 0
  /** µs that it counts for at its thread. */
  cost = 0
  cancelling: Cancelling | undefined
  timeout: NodeJS.Timeout | undefined
  /** Told how far the task is. */
  onProgress: ((value: unknown) => void) | undefined

  constructor(
    task: string,
    payload: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    extra: Extra | undefined,
    priority: number,
  ) {
    this.task = task
    this.payload = payload
    this.transfer = transfer
    this.extra = extra
    this.priority = priority
  }

  /** What moved to a thread is not here any more: it cannot be sent again. */
  get isMoved(): boolean {
    return this.transfer !== undefined && this.transfer.length > 0
  }

  /** Its thread's answer: the end of it. */
  abstract onAnswer(code: Code, content: unknown, thread: Thread): void
  /** The end of it, without an answer. */
  abstract onLost(lost: Lost): void

  /** Progress; values of a stream, where it is one. */
  onEvent(what: Code, content: unknown): void {
    if (what !== code.progress) return
    try {
      this.onProgress?.(content)
    } catch (error) {
      // A bug of the caller's: uncaught as any other, and no affair of the tasks whose answers follow.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** A task that was started when it was cancelled. */
export interface Cancelling {
  timer: NodeJS.Timeout | undefined
  /** Its thread has told it. */
  isSeen: boolean
  /** It goes on although it was told to end: nobody waits for it. */
  isAbandoned: boolean
  /** Who waits until its thread is free of it. */
  released: (() => void) | undefined
}
