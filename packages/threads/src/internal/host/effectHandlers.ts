/**
 * Handlers that are Effects and Streams, as the host calls them. One that answers at once costs no
 * fiber beyond its run; a cancelled one is interrupted; a stream sends in the pace of its reader.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- handlers come out of a context that has
   forgotten their types; payloads and results are checked against their Schemas. */
import { Cause, Context, Deferred, Effect, Exit, type Fiber, Scope, Stream, Tracer } from "effect"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { RequestId } from "effect/rpc/RpcMessage"

import { arrive, type Carrying, carryingOf } from "../carrying.ts"
import { type Codecs, codecsOf, encodeMoving, rpcsOf } from "../codecs.ts"
import { encodeError, encodeThrown } from "../wire/errors.ts"
import { code, type EncodedFailure } from "../wire/protocol.ts"
import type { Handler } from "./Host.ts"
import { pending, type Run } from "./Run.ts"

type Handled = Effect.Effect<unknown, unknown, Scope.Scope>

interface One {
  readonly rpc: Rpc.AnyWithProps
  readonly codecs: Codecs
  readonly handler: Rpc.Handler<string>["handler"]
  readonly context: Context.Context<never>
  readonly carrying: Carrying
}

const message = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** A handler may answer a value, or later, through a Deferred. */
const settle = (value: unknown): Effect.Effect<unknown, unknown> =>
  Deferred.isDeferred(value) ? Deferred.await(value) : Exit.succeed(value)

const succeed = (run: Run, encoded: Effect.Effect<unknown, unknown>): void => {
  if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) return run.succeed(encoded.value)
  Effect.runFork(encoded).addObserver((exit) =>
    Exit.isSuccess(exit)
      ? run.succeed(exit.value)
      : run.end(code.unsendable, message(Cause.squash(exit.cause))),
  )
}

const fail = (run: Run, { codecs }: One, cause: Cause.Cause<unknown>): void => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) {
    return Cause.hasInterruptsOnly(cause)
      ? run.end(code.interrupted, undefined)
      : run.end(code.die, encodeThrown(Cause.squash(cause)))
  }
  const { error } = failure
  const encoded = Effect.runSyncExit(codecs.encodeError(error))
  if (Exit.isFailure(encoded)) return run.end(code.die, encodeThrown(error))
  const details = error instanceof Error ? encodeError(error) : undefined
  run.end(code.fail, { error: encoded.value, details } satisfies EncodedFailure)
}

const inSpan = (effect: Handled, { rpc }: One, run: Run): Handled =>
  run.extra?.trace === undefined
    ? effect
    : Effect.withSpan(effect, `Thread.${rpc._tag}`, {
        captureStackTrace: false,
        kind: "server",
        parent: Tracer.externalSpan(run.extra.trace),
      })

const poured = (run: Run, { codecs }: One, stream: Stream.Stream<unknown, unknown>): Handled =>
  Stream.runForEachArray(stream, (values) =>
    values.length === 0
      ? Effect.void
      : Effect.flatMap(codecs.encodeSuccess(values), (encoded) =>
          Effect.promise(() => run.chunk(encoded as ReadonlyArray<unknown>)),
        ),
  )

const call = (one: One, services: Context.Context<never>, payload: unknown, run: Run): void => {
  let known: Context.Context<never>
  try {
    known = arrive(one.carrying, run.extra?.carried, Context.merge(services, one.context))
  } catch (cause) {
    return run.end(code.refused, message(cause))
  }
  const result: unknown = one.handler(payload, {
    client,
    requestId: RequestId(run.slot),
    headers: Headers.empty,
    rpc: one.rpc,
  })
  const isWrapper = typeof result === "object" && result !== null && Rpc.isWrapper(result)
  const effect: unknown = isWrapper ? Rpc.unwrap(result as object) : result
  const { codecs } = one
  const handled: Handled = codecs.isStream
    ? poured(run, one, effect as Stream.Stream<unknown, unknown>)
    : Effect.flatMap(effect as Handled, settle)
  const scope = Scope.makeUnsafe()
  const context = Context.add(known, Scope.Scope, scope)
  const isUninterruptible = isWrapper && (result as Rpc.Wrapper<unknown>).uninterruptible
  const fiber: Fiber.Fiber<unknown, unknown> = Effect.runForkWith(context)(
    Effect.onExit(
      inSpan(handled, one, run),
      (exit) => Scope.closeUnsafe(scope, exit) ?? Effect.void,
    ),
    isUninterruptible ? { uninterruptible: true } : undefined,
  )
  run.onAbort = () => fiber.interruptUnsafe()
  fiber.addObserver((exit) => {
    if (Exit.isFailure(exit)) fail(run, one, exit.cause)
    else if (codecs.isStream) run.succeed(undefined)
    else if (codecs.successMoves) succeed(run, encodeMoving(codecs.encodeSuccess, exit.value))
    else succeed(run, codecs.encodeSuccess(exit.value))
  })
}

const client = new Rpc.ServerClient(0)

const toHandler =
  (one: One, services: Context.Context<never>): Handler =>
  (content, run) => {
    const decoded = one.codecs.decodePayload(content)
    if (Exit.isExit(decoded) && Exit.isSuccess(decoded)) {
      call(one, services, decoded.value, run)
      return pending
    }
    Effect.runForkWith(services)(decoded).addObserver((exit) => {
      if (Exit.isSuccess(exit)) call(one, services, exit.value, run)
      else run.end(code.refused, message(Cause.squash(exit.cause)))
    })
    return pending
  }

/** The handlers of a group that `services` holds, by task. */
export const effectHandlers = (
  group: RpcGroup.Any,
  services: Context.Context<never>,
): ReadonlyMap<string, Handler> => {
  const handlers = new Map<string, Handler>()
  const carrying = carryingOf(group)
  for (const rpc of rpcsOf(group)) {
    const entry = services.mapUnsafe.get(rpc.key) as Rpc.Handler<string> | undefined
    if (entry === undefined) continue
    const { context, handler } = entry
    const one: One = { rpc, codecs: codecsOf(rpc), handler, context, carrying }
    handlers.set(rpc._tag, toHandler(one, services))
  }
  return handlers
}
