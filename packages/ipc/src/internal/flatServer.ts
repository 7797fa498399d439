/**
 * The server's side of flat calls. A handler that answers at once costs no fiber; any other runs in
 * one of its own, which an interrupted caller interrupts and the end of the link too.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- handlers come out of a context that has
   forgotten their types; payloads and results are checked against their Schemas. */
import type { Transferable as NodeTransferable } from "node:worker_threads"

import { Cause, Context, Deferred, Effect, Exit, Fiber, Scope, Tracer } from "effect"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { RequestId } from "effect/rpc/RpcMessage"
import * as Transferable from "effect/workers/Transferable"

import { answerLine, answerParts, type Call, callLine, dieExit, type Trace } from "../bare/flat.ts"
import { flatIntake } from "../bare/flatIntake.ts"
import { TooLarge } from "../bare/Wire.ts"
import type { Channel } from "../Channel.ts"
import { attend } from "./attend.ts"
import { nodeTransfer } from "./clientProtocol.ts"
import { type FlatCodecs, flatCodecs, isFlat } from "./flatCodecs.ts"

interface Served {
  readonly rpc: Rpc.AnyWithProps
  readonly codecs: FlatCodecs
  readonly handler: Rpc.Handler<string>["handler"]
  readonly context: Context.Context<never>
}

type Handled = Effect.Effect<unknown, unknown, Scope.Scope>

const message = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** The flat rpcs of a group with their handlers, by tag. */
const servedBy = (group: RpcGroup.Any, services: Context.Context<never>) => {
  const served = new Map<string, Served>()
  for (const rpc of (group as RpcGroup.RpcGroup<Rpc.AnyWithProps>).requests.values()) {
    const entry = services.mapUnsafe.get(rpc.key) as Rpc.Handler<string> | undefined
    if (entry === undefined || !isFlat(rpc)) continue
    const { context, handler } = entry
    served.set(rpc._tag, { rpc, codecs: flatCodecs(rpc), handler, context })
  }
  return served
}

const inSpan = (effect: Handled, tag: string, trace: Trace): Handled =>
  Effect.withSpan(effect, `RpcServer.${tag}`, {
    captureStackTrace: false,
    kind: "server",
    parent: Tracer.externalSpan(trace),
  })

export const flatServer = Effect.fnUntraced(function* (
  group: RpcGroup.Any,
  channel: Channel,
  name: string,
): Effect.fn.Return<void, never, Scope.Scope> {
  const services = yield* Effect.context()
  const { link } = channel
  const served = servedBy(group, services)
  const line = link.line(answerLine(name))
  const client = new Rpc.ServerClient(0)
  const fibers = new Map<number, Fiber.Fiber<unknown, unknown>>()

  /** The last word about a call; one that cannot be sent becomes one that can. */
  const say = (
    id: number,
    content: unknown,
    kind?: 1 | 2,
    transfer?: ReadonlyArray<NodeTransferable>,
  ) => {
    link.sendParts(line, answerParts(id, content, kind), transfer, {
      refused: (error) => {
        if (link.closed !== undefined) return
        // A handler need not know the limit of its channel; a function in an answer is its bug.
        if (error instanceof TooLarge) link.send(line, [id, error.message, 2])
        else link.send(line, [id, dieExit(new Error(message(error))), 1])
      },
    })
  }

  const sayExit = (id: number, { codecs }: Served, exit: Exit.Exit<unknown, unknown>) => {
    const encoded = Exit.isSuccess(exit)
      ? codecs.encodeSuccess(exit.value)
      : codecs.encodeExit(exit)
    const kind = Exit.isSuccess(exit) ? undefined : 1
    if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) return say(id, encoded.value, kind)
    const collector = Transferable.makeCollectorUnsafe()
    const collecting = Effect.provideService(encoded, Transferable.Collector, collector)
    Effect.runForkWith(services)(collecting).addObserver((result) =>
      Exit.isSuccess(result)
        ? say(id, result.value, kind, nodeTransfer(collector.readUnsafe()))
        : say(id, dieExit(new Error(message(Cause.squash(result.cause)))), 1),
    )
  }

  const fork = (call: Call, one: Served, effect: Handled, isUninterruptible: boolean) => {
    const scope = Scope.makeUnsafe()
    const context = Context.add(Context.merge(services, one.context), Scope.Scope, scope)
    const traced = call.trace === undefined ? effect : inSpan(effect, call.tag, call.trace)
    const fiber = Effect.runForkWith(context)(
      Effect.onExit(traced, (exit) => Scope.closeUnsafe(scope, exit) ?? Effect.void),
      isUninterruptible ? { uninterruptible: true } : undefined,
    )
    fibers.set(call.id, fiber)
    fiber.addObserver((exit) => {
      // A caller that interrupted the call is gone.
      if (fibers.delete(call.id)) sayExit(call.id, one, exit)
    })
  }

  /** A handler may answer a value, later through a Deferred, or wrapped in instructions. */
  const run = (call: Call, one: Served, payload: unknown) => {
    let result: unknown
    try {
      result = one.handler(payload, {
        client,
        requestId: RequestId(call.id),
        headers: Headers.empty,
        rpc: one.rpc,
      })
    } catch (defect) {
      return sayExit(call.id, one, Exit.die(defect))
    }
    const isWrapper = typeof result === "object" && result !== null && Rpc.isWrapper(result)
    const effect = (isWrapper ? Rpc.unwrap(result as object) : result) as Handled
    if (Exit.isExit(effect) && call.trace === undefined && !isDeferredExit(effect)) {
      return sayExit(call.id, one, effect)
    }
    const settled = Effect.flatMap(effect, settle)
    fork(call, one, settled, isWrapper && (result as Rpc.Wrapper<unknown>).uninterruptible)
  }

  const begin = (call: Call) => {
    const one = served.get(call.tag)
    if (one === undefined) return say(call.id, `nobody serves ${call.tag}`, 2)
    if (fibers.has(call.id)) return say(call.id, "its id is in use", 2)
    const payload = one.codecs.decodePayload(call.payload)
    if (Exit.isExit(payload)) {
      if (Exit.isSuccess(payload)) return run(call, one, payload.value)
      return say(call.id, message(Cause.squash(payload.cause)), 2)
    }
    Effect.runForkWith(Context.merge(services, one.context))(payload).addObserver((decoded) =>
      Exit.isSuccess(decoded)
        ? run(call, one, decoded.value)
        : say(call.id, message(Cause.squash(decoded.cause)), 2),
    )
  }

  const intake = flatIntake(link, begin, (id) => {
    const fiber = fibers.get(id)
    fibers.delete(id)
    fiber?.interruptUnsafe()
  })

  /** Calls that come when nobody serves any more. */
  const refuse = ({ id, tag }: Call) => say(id, `nobody serves ${tag}`, 2)
  const standIn = flatIntake(link, refuse, () => {})

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const stop = attend(channel, callLine(name), intake.hear, standIn.hear)
      link.serve(callLine(name))
      return stop
    }),
    (stop) =>
      Effect.suspend(() => {
        stop()
        const held = intake.stop()
        const running = [...fibers]
        fibers.clear()
        return Effect.andThen(
          Fiber.interruptAll(running.map(([, fiber]) => fiber)),
          Effect.sync(() => {
            // A channel that closes now says so itself, with a better reason.
            setImmediate(() => {
              if (link.closed !== undefined) return
              for (const [id] of running) say(id, "its server has stopped", 2)
              for (const call of held) refuse(call)
            })
          }),
        )
      }),
  )
})

const settle = (value: unknown): Handled =>
  Deferred.isDeferred(value) ? Deferred.await(value) : Exit.succeed(value)

const isDeferredExit = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) && Deferred.isDeferred(exit.value)
