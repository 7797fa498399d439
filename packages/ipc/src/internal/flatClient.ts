/**
 * The caller's side of flat calls: each call is one message out and one message back, batched with
 * whatever else is said in the same synchronous run. Owns the calls in flight; a call ends with its
 * answer, with the end of the link, or by interruption, which is told to the other side.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- the contract's own types are erased here; each
   value is checked against its Schema instead. */
import { Effect, Exit, Fiber, type Scope, Tracer } from "effect"
import type * as Rpc from "effect/rpc/Rpc"

import { answerLine, callLine } from "../bare/flat.ts"
import type { Link } from "../bare/Link.ts"
import type { Owner } from "../bare/Outbox.ts"
import type { Channel } from "../Channel.ts"
import { InvalidMessage, IpcError, NotServed } from "../IpcError.ts"
import { type FlatCodecs, flatCodecs } from "./flatCodecs.ts"
import { refusal, writable } from "./fromLink.ts"

export interface FlatOptions {
  readonly name: string
  /** How long a first call waits until the peer serves the name, in ms. */
  readonly serveTimeout: number
}

/** Calls of one process have different ids, so several clients may share a line. */
let lastId = 0

type Resume = (effect: Effect.Effect<unknown, unknown>) => void

/** A call in flight. */
class Pending implements Owner {
  readonly id: number
  readonly tag: string
  readonly codecs: FlatCodecs
  readonly resume: Resume
  readonly calls: Calls

  constructor(id: number, tag: string, codecs: FlatCodecs, resume: Resume, calls: Calls) {
    this.id = id
    this.tag = tag
    this.codecs = codecs
    this.resume = resume
    this.calls = calls
  }

  refused(error: unknown): void {
    this.calls.pending.delete(this.id)
    this.resume(Effect.fail(refusal(this.calls.link, error, this.tag)))
  }
}

/** What the calls of one client have in common. */
interface Calls {
  readonly link: Link
  readonly line: number
  readonly pending: Map<number, Pending>
}

const invalid = (link: Link, call: string, cause: unknown) =>
  new IpcError({ peer: link.peer, call, reason: new InvalidMessage({ call, cause }) })

/** Suspends until the peer serves the name; fails when it does not in time, or has ended. */
export const served = (
  link: Link,
  { name, serveTimeout }: FlatOptions,
  call?: string,
): Effect.Effect<void, IpcError> =>
  Effect.callback<void, IpcError>((resume) => {
    const cancel = link.onceServed(name, () =>
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
  (rpc: Rpc.AnyWithProps) => (payload: unknown) => Effect.Effect<unknown, unknown>,
  never,
  Scope.Scope
> {
  const { link } = channel
  const calls: Calls = { link, line: link.line(callLine(options.name)), pending: new Map() }
  const { pending } = calls

  const onAnswer = (body: unknown) => {
    if (!Array.isArray(body)) return
    const [id, content, kind]: ReadonlyArray<unknown> = body
    const call = typeof id === "number" ? pending.get(id) : undefined
    if (call === undefined || typeof id !== "number") return
    pending.delete(id)
    if (kind === undefined) call.resume(answer(link, call, call.codecs.decodeSuccess(content)))
    else if (kind === 2)
      call.resume(Effect.fail(invalid(link, call.tag, new Error(String(content)))))
    else {
      const exit = answer(link, call, call.codecs.decodeExit(content))
      call.resume(Effect.flatten(exit as Effect.Effect<Effect.Effect<unknown, unknown>, unknown>))
    }
  }

  const failAll = (end: unknown) => {
    for (const call of Array.from(pending.values())) call.refused(end)
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => [
      channel.listen(answerLine(options.name), onAnswer),
      link.onceClosed(failAll),
    ]),
    (stops) =>
      Effect.sync(() => {
        for (const stop of stops) stop()
        failAll({ _tag: "ChannelClosed" })
      }),
  )

  const isReady = () => link.closed !== undefined || (link.isServed(options.name) && link.writable)

  const readyFor = (tag: string) => Effect.andThen(served(link, options, tag), writable(link))

  return (rpc) => {
    const codecs = flatCodecs(rpc)
    const tag = rpc._tag
    const call = (payload: unknown): Effect.Effect<unknown, unknown> =>
      Effect.callback((resume) => {
        if (!isReady()) return resume(Effect.andThen(readyFor(tag), call(payload)))
        let encoded: Effect.Effect<unknown, unknown>
        try {
          // Checks are the encoder's: here defaults are filled in and classes made.
          encoded = codecs.encodePayload(rpc.payloadSchema.make(payload, unchecked))
        } catch (cause) {
          return resume(Effect.fail(invalid(link, tag, cause)))
        }
        if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) {
          return dispatch(calls, tag, codecs, encoded.value, resume)
        }
        resume(
          encoded.pipe(
            Effect.mapError((cause) => invalid(link, tag, cause)),
            Effect.flatMap((value) =>
              Effect.callback<unknown, unknown>((then) =>
                dispatch(calls, tag, codecs, value, then),
              ),
            ),
          ),
        )
      })
    return call
  }
})

const unchecked = { disableChecks: true }

/** Send one call; answers how to interrupt it. */
const dispatch = (
  calls: Calls,
  tag: string,
  codecs: FlatCodecs,
  encoded: unknown,
  resume: Resume,
): Effect.Effect<void> => {
  const { line, link, pending } = calls
  const id = ++lastId
  const call = new Pending(id, tag, codecs, resume, calls)
  pending.set(id, call)
  const span = traceOf(Fiber.getCurrent())
  const body =
    span === undefined
      ? [id, tag, encoded]
      : [id, tag, encoded, span.traceId, span.spanId, span.sampled]
  link.send(line, body, undefined, call)
  return Effect.sync(() => {
    if (pending.delete(id)) link.send(line, id)
  })
}

/** A decoded answer; one that does not fit its Schema fails its call. */
const answer = (
  link: Link,
  call: Pending,
  decoded: Effect.Effect<unknown, unknown>,
): Effect.Effect<unknown, unknown> =>
  Exit.isExit(decoded) && Exit.isSuccess(decoded)
    ? decoded
    : Effect.mapError(decoded, (cause) => invalid(link, call.tag, cause))
