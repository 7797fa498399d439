/** What an answer, or the lack of one, means to a caller: shared by all faces of a pool. */
import { Cause, Effect, Exit } from "effect"

import {
  Dropped,
  GaveUp,
  InvalidOption,
  InvalidPayload,
  InvalidResult,
  PoolClosed,
  QueueFull,
  StartFailed,
  TaskNotServed,
  ThreadExited,
  ThreadsError,
  TimedOut,
} from "../ThreadsError.ts"
import type { Caller } from "./callerStack.ts"
import type { Codecs } from "./codecs.ts"
import type { GaveUp as WhyStopped } from "./engine/Engine.ts"
import type { Lost } from "./engine/Job.ts"
import { decodeThrown, type EncodedThrown, enrich } from "./wire/errors.ts"
import { type Code, code, type EncodedFailure } from "./wire/protocol.ts"

/** How a task ended that did not succeed. */
export type Failed =
  | { readonly _tag: "Fail"; readonly error: unknown }
  | { readonly _tag: "Die"; readonly defect: unknown }
  | { readonly _tag: "Interrupt" }

const fail = (reason: ThreadsError["reason"]): Failed => ({
  _tag: "Fail",
  error: new ThreadsError({ reason }),
})

/** Why there was no pool. */
export const startError = (file: string, why: WhyStopped): ThreadsError =>
  new ThreadsError({
    reason:
      why._tag === "NotServed"
        ? new TaskNotServed({ file, task: why.missing })
        : new StartFailed({ file, cause: why.cause }),
  })

export const lostError = (file: string, task: string, lost: Lost): ThreadsError => {
  switch (lost._tag) {
    case "ThreadExited": {
      const { cause, exitCode, threadId } = lost
      const reason = { task, threadId, exitCode, ...(cause === undefined ? {} : { cause }) }
      return new ThreadsError({ reason: new ThreadExited(reason) })
    }
    case "NotSerializable": {
      return new ThreadsError({ reason: new InvalidPayload({ task, cause: lost.cause }) })
    }
    case "QueueFull": {
      return new ThreadsError({ reason: new QueueFull({ task, capacity: lost.capacity }) })
    }
    case "Dropped": {
      return new ThreadsError({ reason: new Dropped({ task, capacity: lost.capacity }) })
    }
    case "TimedOut": {
      return new ThreadsError({ reason: new TimedOut({ task, millis: lost.millis }) })
    }
    case "PoolClosed": {
      return new ThreadsError({ reason: new PoolClosed({ task }) })
    }
    case "SchedulingFailed": {
      const expected = "a function that answers an index and does not throw"
      return new ThreadsError({
        reason: new InvalidOption({ option: "scheduling", value: lost.cause, expected }),
      })
    }
    case "GaveUp": {
      const { cause, deaths } = lost
      return new ThreadsError({ reason: new GaveUp({ file, deaths, cause }) })
    }
    default: {
      return new ThreadsError({ reason: new TaskNotServed({ file, task: lost.missing }) })
    }
  }
}

/** The error of the contract, as its class, with what its Schema does not know of. */
const contractError = (
  task: string,
  codecs: Codecs | undefined,
  content: EncodedFailure,
  caller: Caller | undefined,
): Failed => {
  if (codecs === undefined) return { _tag: "Fail", error: content.error }
  const decoded = Effect.runSyncExit(codecs.decodeError(content.error))
  if (Exit.isFailure(decoded)) {
    return fail(new InvalidResult({ task, cause: Cause.squash(decoded.cause) }))
  }
  const error = decoded.value
  if (error instanceof Error && content.details !== undefined) {
    enrich(error, content.details, caller?.stack)
  }
  return { _tag: "Fail", error }
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- our own threads say so; the code tells which */
export const failureOf = (
  task: string,
  codecs: Codecs | undefined,
  what: Code,
  content: unknown,
  caller: Caller | undefined,
): Failed => {
  switch (what) {
    case code.fail: {
      return contractError(task, codecs, content as EncodedFailure, caller)
    }
    case code.die: {
      return { _tag: "Die", defect: decodeThrown(content as EncodedThrown, caller?.stack) }
    }
    case code.refused: {
      return fail(new InvalidPayload({ task, cause: new Error(String(content)) }))
    }
    case code.unsendable: {
      return fail(new InvalidResult({ task, cause: new Error(String(content)) }))
    }
    default: {
      return { _tag: "Interrupt" }
    }
  }
}
/* oxlint-enable typescript/no-unsafe-type-assertion */

export const toEffect = (failed: Failed): Effect.Effect<never, unknown> => {
  switch (failed._tag) {
    case "Fail": {
      return Exit.fail(failed.error)
    }
    case "Die": {
      return Exit.die(failed.defect)
    }
    default: {
      return Effect.interrupt
    }
  }
}

/** The larger goes first: one that is no number would never go. */
export const wrongPriority = (priority: number | undefined): ThreadsError | undefined =>
  priority === undefined || Number.isFinite(priority)
    ? undefined
    : new ThreadsError({
        reason: new InvalidOption({
          option: "priority",
          value: priority,
          expected: "a finite number",
        }),
      })

export const invalidResult = (task: string, cause: unknown): ThreadsError =>
  new ThreadsError({ reason: new InvalidResult({ task, cause }) })

export const invalidPayload = (task: string, cause: unknown): ThreadsError =>
  new ThreadsError({ reason: new InvalidPayload({ task, cause }) })
