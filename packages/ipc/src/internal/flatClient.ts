/**
 * The caller's side of flat calls: each call is one message out and one message back, batched with
 * whatever else is said in the same synchronous run. Owns the calls in flight; a call ends with its
 * answer, with the end of the link, or by interruption, which is told to the other side.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- the contract's own types are erased here; each
   value is checked against its Schema instead. */
import type { Transferable as NodeTransferable } from "node:worker_threads"

import { Effect, Exit, Fiber, SchemaIssue, type Scope, Tracer } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import { SchemaError } from "effect/Schema"
import * as Transferable from "effect/workers/Transferable"

import { CallTable } from "../bare/CallTable.ts"
import { answerLine, callLine, callParts } from "../bare/flat.ts"
import type { Link } from "../bare/Link.ts"
import type { Owner } from "../bare/Outbox.ts"
import type { Channel } from "../Channel.ts"
import { InvalidMessage, IpcError, NotServed } from "../IpcError.ts"
import { attend } from "./attend.ts"
import { nodeTransfer } from "./clientProtocol.ts"
import { type FlatCodecs, flatCodecs } from "./flatCodecs.ts"
import { refusal, writable } from "./fromLink.ts"

export interface FlatOptions {
  readonly name: string
  /** How long a first call waits until the peer serves the name, in ms. */
  readonly serveTimeout: number
}

/** One rpc as a function. */
type Call = (payload: unknown) => Effect.Effect<unknown, unknown>

type Resume = (effect: Effect.Effect<unknown, unknown>) => void

/** What the calls of one rpc have in common. */
interface Method {
  readonly calls: Calls
  readonly tag: string
  readonly codecs: FlatCodecs
}

/** A call in flight. */
class Pending implements Owner {
  id = 0
  readonly method: Method
  readonly resume: Resume

  constructor(method: Method, resume: Resume) {
    this.method = method
    this.resume = resume
  }

  refused(error: unknown): void {
    const { calls, tag } = this.method
    calls.pending.take(this.id)
    this.resume(Effect.fail(refusal(calls.link, error, tag)))
  }

  /** The caller no longer wants the answer: tell the other side. */
  interrupt(): void {
    const { line, link, pending } = this.method.calls
    if (pending.take(this.id) !== undefined) link.send(line, this.id)
  }
}

/** What the calls of one client have in common. */
interface Calls {
  readonly link: Link
  readonly line: number
  readonly pending: CallTable<Pending>
}

/** What `make` throws says little; the issue behind it, all. */
export const whyNotMade = (error: unknown): unknown =>
  error instanceof Error && SchemaIssue.isIssue(error.cause) ? new SchemaError(error.cause) : error

/** A payload that cannot be, or an answer. */
export const invalid = (link: Link, call: string, cause: unknown) =>
  new IpcError({ peer: link.peer, call, reason: new InvalidMessage({ call, cause }) })

/**
 * Suspends until the peer serves a line, which errors call by its `name`; fails when it does not in time,
 * or has ended.
 */
export const served = (
  link: Link,
  line: string,
  { name, serveTimeout }: FlatOptions,
  call?: string,
): Effect.Effect<void, IpcError> =>
  Effect.callback<void, IpcError>((resume) => {
    const cancel = link.onceServed(line, () =>
      resume(
        link.closed === undefined ? Effect.void : Effect.fail(refusal(link, link.closed, call)),
      ),
    )
    return Effect.sync(cancel)
  }).pipe(
    Effect.timeoutOrElse({
      duration: serveTimeout,
      orElse: () =>
        Effect.fail(
          new IpcError({
            peer: link.peer,
            ...(call === undefined ? {} : { call }),
            reason: new NotServed({ name }),
          }),
        ),
    }),
  )

/** The span that is active in the calling fiber, as it travels. */
const traceOf = (fiber: Fiber.Fiber<unknown, unknown> | undefined) =>
  fiber === undefined ? undefined : fiber.context.mapUnsafe.get(Tracer.ParentSpan.key)

export const flatClient = Effect.fnUntraced(function* (
  channel: Channel,
  options: FlatOptions,
): Effect.fn.Return<
  (rpc: Rpc.AnyWithProps, full: (payload: unknown) => unknown) => Call,
  never,
  Scope.Scope
> {
  const { link } = channel
  const ours = callLine(options.name)
  const calls: Calls = { link, line: link.line(ours), pending: new CallTable() }
  const { pending } = calls

  const onAnswer = (body: unknown) => {
    if (!Array.isArray(body)) return link.ignore()
    const [id, content, kind]: ReadonlyArray<unknown> = body
    const call = typeof id === "number" ? pending.take(id) : undefined
    if (call === undefined) return
    const { codecs, tag } = call.method
    if (kind === undefined) call.resume(answer(call.method, codecs.decodeSuccess(content)))
    else if (kind === 2) call.resume(Effect.fail(invalid(link, tag, new Error(String(content)))))
    else {
      const exit = answer(call.method, codecs.decodeExit(content))
      call.resume(Effect.flatten(exit as Effect.Effect<Effect.Effect<unknown, unknown>, unknown>))
    }
  }

  let isOver = false

  const failAll = (end: unknown) => {
    for (const call of pending.takeAll()) call.refused(end)
  }

  /** The client's Scope closes, and the link may live on: the peer must not work for nobody. */
  const stop = () => {
    isOver = true
    for (const call of pending.takeAll()) {
      link.send(calls.line, call.id)
      call.refused(overReason)
    }
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => [
      attend(channel, answerLine(options.name), onAnswer),
      link.onceClosed(failAll),
    ]),
    (stops) =>
      Effect.sync(() => {
        for (const forget of stops) forget()
        stop()
      }),
  )

  const isReady = () =>
    !isOver && (link.closed !== undefined || (link.isServed(ours) && link.writable))

  const readyFor = (tag: string) =>
    Effect.suspend(() =>
      isOver
        ? Effect.fail(refusal(link, overReason, tag))
        : Effect.andThen(served(link, ours, options, tag), writable(link)),
    )

  return (rpc, full) => {
    const method: Method = { calls, tag: rpc._tag, codecs: flatCodecs(rpc) }
    const { codecs, tag } = method
    const call = (payload: unknown): Effect.Effect<unknown, unknown> =>
      Effect.callback((resume) => {
        if (hasHeaders(Fiber.getCurrent())) return resume(full(payload) as ReturnType<Call>)
        if (!isReady()) return resume(Effect.andThen(readyFor(tag), call(payload)))
        let encoded: Effect.Effect<unknown, unknown>
        try {
          // Checks are the encoder's: here defaults are filled in and classes made.
          encoded = codecs.encodePayload(rpc.payloadSchema.make(payload, unchecked))
        } catch (cause) {
          return resume(Effect.fail(invalid(link, tag, whyNotMade(cause))))
        }
        if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) {
          return dispatch(method, encoded.value, resume)
        }
        resume(dispatchLater(method, encoded))
      })
    return call
  }
})

const unchecked = { disableChecks: true }

/** Why a call fails whose client is gone: to the caller it is the same as a closed channel. */
const overReason = { _tag: "ChannelClosed" } as const

/** Headers for this fiber's calls: only the full protocol carries them. */
const hasHeaders = (fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean =>
  fiber !== undefined && fiber.context.mapUnsafe.has(RpcClient.CurrentHeaders.key)

/** A payload that takes an Effect to encode: it declares transfers, needs services, or does not fit. */
const dispatchLater = (method: Method, encoded: Effect.Effect<unknown, unknown>) => {
  const collector = Transferable.makeCollectorUnsafe()
  return Effect.provideService(encoded, Transferable.Collector, collector).pipe(
    Effect.mapError((cause) => invalid(method.calls.link, method.tag, cause)),
    Effect.flatMap((value) =>
      Effect.callback<unknown, unknown>((then) =>
        dispatch(method, value, then, nodeTransfer(collector.readUnsafe())),
      ),
    ),
  )
}

/** Send one call; answers how to interrupt it. */
const dispatch = (
  method: Method,
  encoded: unknown,
  resume: Resume,
  transfer?: ReadonlyArray<NodeTransferable>,
): Effect.Effect<void> => {
  const { line, link, pending } = method.calls
  const call = new Pending(method, resume)
  call.id = pending.add(call)
  const span = traceOf(Fiber.getCurrent())
  link.sendParts(line, callParts(call.id, method.tag, encoded, span), transfer, call)
  return Effect.sync(() => call.interrupt())
}

/** A decoded answer; one that does not fit its Schema fails its call. */
const answer = (
  { calls, tag }: Method,
  decoded: Effect.Effect<unknown, unknown>,
): Effect.Effect<unknown, unknown> =>
  Exit.isExit(decoded) && Exit.isSuccess(decoded)
    ? decoded
    : Effect.mapError(decoded, (cause) => invalid(calls.link, tag, cause))
