/**
 * The typed face of a pool with Effects: one function per task of the contract. A task that needs no
 * fiber for its codecs costs one `Effect.callback`.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- one loop builds every function of the
   contract, so what the contract says of each is asserted here; callers see only the types. */
import type { Transferable } from "node:worker_threads"

import { Effect, Exit, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"

import { type Caller, callerStack } from "./callerStack.ts"
import type { Carrying } from "./carrying.ts"
import { type Codecs, codecsOf, encodeMoving, whyNotMade } from "./codecs.ts"
import type { Engine } from "./engine/Engine.ts"
import { Job, type Lost } from "./engine/Job.ts"
import { extraOf } from "./extra.ts"
import {
  failureOf,
  invalidPayload,
  invalidResult,
  lostError,
  toEffect,
  wrongPriority,
} from "./outcome.ts"
import { type Chunk, StreamJob } from "./StreamJob.ts"
import { type Code, code, type Extra } from "./wire/protocol.ts"

/** What a caller may say about one task. */
interface TaskOptions {
  readonly priority?: number
  readonly affinity?: string
  readonly transfer?: ReadonlyArray<Transferable>
  readonly onProgress?: (value: unknown) => void
}

/** What the calls of one pool have in common. */
export interface Calls {
  readonly engine: Engine
  readonly file: string
  /** What its tasks carry of their caller's context. */
  readonly carrying: Carrying
}

type Resume = (effect: Effect.Effect<unknown, unknown>) => void

/** A task and how its rpc is called. */
interface Task {
  readonly rpc: Rpc.AnyWithProps
  readonly codecs: Codecs
}

/** What is sent of a call. */
class Sent {
  readonly payload: unknown
  readonly transfer: ReadonlyArray<Transferable> | undefined
  readonly extra: Extra | undefined

  constructor(
    payload: unknown,
    transfer: ReadonlyArray<Transferable> | undefined,
    extra: Extra | undefined,
  ) {
    this.payload = payload
    this.transfer = transfer
    this.extra = extra
  }
}

class EffectJob extends Job {
  private readonly codecs: Codecs
  private readonly file: string
  private readonly resume: Resume
  private readonly caller: Caller | undefined

  constructor(
    { codecs, rpc }: Task,
    file: string,
    sent: Sent,
    options: TaskOptions | undefined,
    caller: Caller | undefined,
    resume: Resume,
  ) {
    super(rpc._tag, sent.payload, sent.transfer, sent.extra, options?.priority ?? 0)
    this.codecs = codecs
    this.file = file
    this.caller = caller
    this.resume = resume
  }

  onAnswer(what: Code, content: unknown): void {
    if (what !== code.success) {
      return this.resume(toEffect(failureOf(this.task, this.codecs, what, content, this.caller)))
    }
    const decoded = this.codecs.decodeSuccess(content)
    this.resume(
      Exit.isExit(decoded) && Exit.isSuccess(decoded)
        ? decoded
        : Effect.mapError(decoded, (cause) => invalidResult(this.task, cause)),
    )
  }

  onLost(lost: Lost): void {
    this.resume(Exit.fail(lostError(this.file, this.task, lost)))
  }
}

const unchecked = { disableChecks: true }

/** A call as it travels: at once where that needs no fiber. */
const encode = (
  { codecs, rpc }: Task,
  carrying: Carrying,
  payload: unknown,
  options: TaskOptions | undefined,
): Sent | Effect.Effect<Sent, unknown> => {
  const transfer = options?.transfer
  try {
    const extra = extraOf(carrying)
    if (!codecs.hasPayload) return new Sent(undefined, transfer, extra)
    // Checks are the encoder's: here defaults are filled in and classes made.
    const made: unknown = rpc.payloadSchema.make(payload, unchecked)
    if (codecs.payloadMoves) {
      return Effect.map(
        encodeMoving(codecs.encodePayload, made),
        (moved) => new Sent(moved.value, [...moved.transfer, ...(transfer ?? [])], extra),
      )
    }
    const encoded = codecs.encodePayload(made)
    if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) {
      return new Sent(encoded.value, transfer, extra)
    }
    return Effect.map(encoded, (value) => new Sent(value, transfer, extra))
  } catch (thrown) {
    return Exit.fail(whyNotMade(thrown))
  }
}

/** Waits until no thread is busy with the task any more. */
const cancelled = (engine: Engine, job: Job): Effect.Effect<void> =>
  Effect.callback((resume) => engine.cancel(job, () => resume(Effect.void)))

const prepare = (engine: Engine, job: Job, options: TaskOptions | undefined, at: number): void => {
  if (options?.onProgress !== undefined) job.onProgress = options.onProgress
  if (at >= 0) job.place = at
  else if (options?.affinity !== undefined) job.place = engine.placeOf(options.affinity)
}

/** Hands a task in; what it answers takes it back. */
const begin = (
  { engine, file }: Calls,
  task: Task,
  sent: Sent,
  options: TaskOptions | undefined,
  at: number,
  caller: Caller | undefined,
  resume: Resume,
): Effect.Effect<void> => {
  const job = new EffectJob(task, file, sent, options, caller, resume)
  prepare(engine, job, options, at)
  engine.submit(job)
  return cancelled(engine, job)
}

/** @param at the place where it must run; -1: anywhere */
const unary = (
  calls: Calls,
  task: Task,
  payload: unknown,
  options: TaskOptions | undefined,
  at: number,
  caller: Caller | undefined,
): Effect.Effect<unknown, unknown> =>
  Effect.callback<unknown, unknown>((resume) => {
    const wrong = wrongPriority(options?.priority)
    if (wrong !== undefined) return resume(Effect.fail(wrong))
    const sent = encode(task, calls.carrying, payload, options)
    if (sent instanceof Sent) return begin(calls, task, sent, options, at, caller, resume)
    resume(
      Effect.matchEffect(sent, {
        onFailure: (cause) => Effect.fail(invalidPayload(task.rpc._tag, cause)),
        onSuccess: (late) =>
          Effect.callback<unknown, unknown>((later) =>
            begin(calls, task, late, options, at, caller, later),
          ),
      }),
    )
  })

const streaming = (
  calls: Calls,
  task: Task,
  payload: unknown,
  options: TaskOptions | undefined,
  caller: Caller | undefined,
): Stream.Stream<unknown, unknown> => {
  const { engine, file } = calls
  const { _tag } = task.rpc
  return Stream.unwrap(
    Effect.gen(function* () {
      const wrong = wrongPriority(options?.priority)
      if (wrong !== undefined) return yield* wrong
      const encoded = encode(task, calls.carrying, payload, options)
      const sent =
        encoded instanceof Sent
          ? encoded
          : yield* Effect.mapError(encoded, (cause) => invalidPayload(_tag, cause))
      const job = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const extra = { ...sent.extra, credit: StreamJob.credit }
          const made = new StreamJob(
            _tag,
            sent.payload,
            sent.transfer,
            extra,
            options?.priority ?? 0,
            {
              codecs: task.codecs,
              onLost: (lost) => lostError(file, _tag, lost),
              caller,
            },
          )
          prepare(engine, made, options, -1)
          engine.submit(made)
          return made
        }),
        (made) => (made.phase === "over" ? Effect.void : cancelled(engine, made)),
      )
      const pull = Effect.callback<Chunk, unknown>((resume) => job.take(resume))
      return Stream.fromPull(Effect.succeed(pull))
    }),
  )
}

type AnyCall = (payload: unknown, options?: TaskOptions) => unknown

/** One function for each task. */
export const makeCalls = (
  calls: Calls,
  rpcs: ReadonlyArray<Rpc.AnyWithProps>,
): Record<string, AnyCall> =>
  Object.fromEntries(
    rpcs.map((rpc) => {
      const task: Task = { rpc, codecs: codecsOf(rpc) }
      const call: AnyCall = (payload, options) => {
        const caller = callerStack(calls.engine, rpc._tag, call)
        return task.codecs.isStream
          ? streaming(calls, task, payload, options, caller)
          : unary(calls, task, payload, options, -1, caller)
      }
      return [rpc._tag, call]
    }),
  )

/** One function for each task that answers once, which runs it on every thread. */
export const makeBroadcast = (
  calls: Calls,
  rpcs: ReadonlyArray<Rpc.AnyWithProps>,
): Record<string, AnyCall> =>
  Object.fromEntries(
    rpcs
      .filter((rpc) => !codecsOf(rpc).isStream)
      .map((rpc) => {
        const task: Task = { rpc, codecs: codecsOf(rpc) }
        const call: AnyCall = (payload, options) =>
          Effect.suspend(() =>
            Effect.forEach(
              calls.engine.fleet.places,
              (at) => unary(calls, task, payload, options, at, undefined),
              { concurrency: "unbounded" },
            ),
          )
        return [rpc._tag, call]
      }),
  )
