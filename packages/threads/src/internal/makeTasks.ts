/**
 * The typed face of a pool: one function per rpc of the contract, each of which leases a thread,
 * calls the task there and gives the thread back when the call, or its stream, is over.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- one loop builds every function of the
   contract, so what the contract says of each is asserted here; callers see only the types. */
import { Effect, type Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type { RpcClient } from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"

import { InvalidPayload, ThreadsError } from "../ThreadsError.ts"
import type { Thread } from "./Thread.ts"

export interface Leasing<Rpcs extends Rpc.Any> {
  /** A free thread for this task, given back when the Scope closes. */
  readonly lease: (task: string) => Effect.Effect<Thread<Rpcs>, ThreadsError, Scope.Scope>
  /** End a thread whose task nobody waits for any more; another takes its place. */
  readonly retire: (thread: Thread<Rpcs>) => Effect.Effect<void>
  /** What the caller sees of an error of the call: the task's own, or ours. */
  readonly toError: (task: string, thread: Thread<Rpcs>, error: unknown) => unknown
}

type Call = (...args: ReadonlyArray<unknown>) => unknown

const call = <Rpcs extends Rpc.Any>(
  thread: Thread<Rpcs>,
  task: string,
  args: ReadonlyArray<unknown>,
): unknown => Reflect.apply(Reflect.get(thread.client, task) as Call, undefined, args)

/** Fails for what the Schema refuses, before a thread is taken for it. */
const checkPayload = (rpc: Rpc.AnyWithProps, [payload]: ReadonlyArray<unknown>) =>
  Effect.try({
    try: () => rpc.payloadSchema.make(payload),
    catch: (cause) => new ThreadsError({ reason: new InvalidPayload({ task: rpc._tag, cause }) }),
  })

export const makeTasks = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  { lease, retire, toError }: Leasing<Rpcs>,
): RpcClient<Rpcs, ThreadsError> => {
  const taken = (rpc: Rpc.AnyWithProps, args: ReadonlyArray<unknown>) =>
    Effect.andThen(checkPayload(rpc, args), lease(rpc._tag))

  const unary =
    (rpc: Rpc.AnyWithProps): Call =>
    (...args) =>
      Effect.gen(function* () {
        const thread = yield* taken(rpc, args)
        const effect = call(thread, rpc._tag, args) as Effect.Effect<unknown, unknown>
        return yield* Effect.mapError(effect, (error) => toError(rpc._tag, thread, error))
      }).pipe(Effect.scoped)

  const streaming =
    (rpc: Rpc.AnyWithProps): Call =>
    (...args) =>
      Effect.gen(function* () {
        const thread = yield* taken(rpc, args)
        const stream = call(thread, rpc._tag, args) as Stream.Stream<unknown, unknown>
        let isOver = false
        const over = Effect.sync(() => {
          isOver = true
        })
        // Whoever stops reading early may leave a task behind that never looks up.
        yield* Effect.addFinalizer(() => (isOver ? Effect.void : retire(thread)))
        return stream.pipe(
          Stream.onEnd(over),
          Stream.onError(() => over),
          Stream.mapError((error) => toError(rpc._tag, thread, error)),
        )
      }).pipe(Stream.unwrap)

  const rpcs = group.requests as ReadonlyMap<string, Rpc.Any> as ReadonlyMap<
    string,
    Rpc.AnyWithProps
  >
  return Object.fromEntries(
    Array.from(rpcs, ([task, rpc]) => [
      task,
      RpcSchema.isStreamSchema(rpc.successSchema) ? streaming(rpc) : unary(rpc),
    ]),
  ) as RpcClient<Rpcs, ThreadsError>
}
