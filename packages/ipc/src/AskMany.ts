/**
 * One request to many workers: to all of them, to whichever answers first, or to a chosen one. Every
 * worker serves the same contract behind a channel of its own.
 *
 * A worker is answerable for its own answer only: one that dies, fails or is late is an `Exit` under
 * its key, and the others go on. Calls that nobody waits for any more are interrupted, and so are
 * their handlers.
 *
 * Calls with one answer only; a stream of one worker is `Ipc.client`'s. Starts nothing: channels and
 * workers belong to whoever made them.
 *
 * @since 0.1.0
 */
import { Cause, Data, Duration, Effect, type Exit, Queue, Schema, type Scope, Stream } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcSchema from "effect/rpc/RpcSchema"

import type { Channel } from "./Channel.ts"
import * as Ipc from "./Ipc.ts"
import type { IpcError } from "./IpcError.ts"

/**
 * What tells one worker from another.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = string | number

/**
 * A worker did not answer within the deadline. Its handler was told to stop.
 *
 * @category errors
 * @since 0.1.0
 */
export class LateAnswer extends Schema.TaggedError<LateAnswer>()("LateAnswer", {
  key: Schema.Union([Schema.String, Schema.Finite]),
  call: Schema.String,
  /** In ms. */
  deadline: Schema.Finite,
}) {
  override get message(): string {
    return `worker ${this.key} did not answer the call ${this.call} within ${this.deadline} ms`
  }
}

/**
 * There is no worker of this key.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownWorker extends Schema.TaggedError<UnknownWorker>()("UnknownWorker", {
  key: Schema.Union([Schema.String, Schema.Finite]),
  call: Schema.String,
}) {
  override get message(): string {
    return `there is no worker ${this.key} for the call ${this.call}`
  }
}

/**
 * No worker succeeded: why, for each of them. Empty when there are none.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoneSucceeded<K extends Key, E> extends Data.TaggedError("NoneSucceeded")<{
  readonly call: string
  readonly failures: ReadonlyMap<Key, Cause.Cause<unknown>>
}> {
  declare readonly failures: ReadonlyMap<K, Cause.Cause<E>>

  override get message(): string {
    if (this.failures.size === 0) return `there is no worker for the call ${this.call}`
    const each = Array.from(this.failures, ([key, cause]) => {
      const error = Cause.squash(cause)
      return `worker ${key}: ${error instanceof Error ? error.message : String(error)}`
    })
    return `no worker succeeded in the call ${this.call}\n${each.join("\n")}`
  }
}

/**
 * The rpcs of a group that have one answer.
 *
 * @category models
 * @since 0.1.0
 */
export type Unary<Rpcs extends Rpc.Any> = Rpcs extends unknown
  ? [Rpc.SuccessSchema<Rpcs>] extends [RpcSchema.Stream<infer _A, infer _E>]
    ? never
    : Rpcs
  : never

/**
 * How a call to one worker can fail by itself.
 *
 * @category models
 * @since 0.1.0
 */
export type CallError<R extends Rpc.Any> = Rpc.Error<R> | MiddlewareError<R> | IpcError

type MiddlewareError<R> =
  R extends Rpc.Rpc<
    infer _Tag,
    infer _Payload,
    infer _Success,
    infer _Error,
    infer Middleware,
    infer _Requires
  >
    ? Middleware["~ClientError"]
    : never

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How long each worker has, counted from when it was asked. Default: as long as it takes. */
  readonly deadline?: Duration.Input
}

/**
 * @category models
 * @since 0.1.0
 */
export interface AskMany<K extends Key, Rpcs extends Rpc.Any> {
  readonly keys: ReadonlyArray<K>

  /** Ask all at once; answers come as they arrive. Who stops listening interrupts the other calls. */
  readonly all: <const Tag extends Unary<Rpcs>["_tag"]>(
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: Options,
  ) => Stream.Stream<
    readonly [K, Answer<Rpc.ExtractTag<Rpcs, Tag>>],
    never,
    Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>>
  >

  /** Ask all at once, and wait for all. */
  readonly allRecord: <const Tag extends Unary<Rpcs>["_tag"]>(
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: Options,
  ) => Effect.Effect<
    Readonly<Record<K, Answer<Rpc.ExtractTag<Rpcs, Tag>>>>,
    never,
    Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>>
  >

  /** Ask all at once; the first success counts, the other calls are interrupted. */
  readonly any: <const Tag extends Unary<Rpcs>["_tag"]>(
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: Options,
  ) => Effect.Effect<
    Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>,
    NoneSucceeded<K, CallError<Rpc.ExtractTag<Rpcs, Tag>> | LateAnswer>,
    Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>>
  >

  /** Ask one. */
  readonly one: <const Tag extends Unary<Rpcs>["_tag"]>(
    key: K,
    tag: Tag,
    payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
    options?: Options,
  ) => Effect.Effect<
    Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>,
    CallError<Rpc.ExtractTag<Rpcs, Tag>> | LateAnswer | UnknownWorker,
    Rpc.ServicesClient<Rpc.ExtractTag<Rpcs, Tag>>
  >
}

/**
 * What one worker made of a call.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer<R extends Rpc.Any> = Exit.Exit<Rpc.Success<R>, CallError<R> | LateAnswer>

/** A call whose types the contract knows and this module has forgotten. */
type Call = (payload: unknown) => Effect.Effect<unknown, unknown, unknown>

/** The late one is a failure of its own call. */
const within = (
  effect: Effect.Effect<unknown, unknown, unknown>,
  key: Key,
  call: string,
  { deadline }: Options,
) =>
  deadline === undefined
    ? effect
    : Effect.timeoutOrElse(effect, {
        duration: deadline,
        orElse: () =>
          Effect.fail(new LateAnswer({ key, call, deadline: Duration.toMillis(deadline) })),
      })

/**
 * Over clients that exist already. Of two with the same key the later one counts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromClients = <K extends Key, Rpcs extends Rpc.Any>(
  clients: Iterable<readonly [K, Ipc.Client<Rpcs>]>,
): AskMany<K, Rpcs> => {
  const byKey = new Map(clients)

  const ask = (key: Key, client: object, tag: string, payload: unknown, options: Options = {}) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the tag is one of the contract
    const call = Reflect.get(client, tag) as Call
    return within(
      Effect.suspend(() => call(payload)),
      key,
      tag,
      options,
    )
  }

  const all = (tag: string, payload: unknown, options?: Options) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const answers = yield* Queue.unbounded<
          readonly [K, Exit.Exit<unknown, unknown>],
          Cause.Done
        >()
        yield* Effect.forEach(
          byKey,
          ([key, client]) =>
            Effect.flatMap(Effect.exit(ask(key, client, tag, payload, options)), (exit) =>
              Queue.offer(answers, [key, exit] as const),
            ),
          { concurrency: "unbounded", discard: true },
        ).pipe(Effect.ensuring(Queue.end(answers)), Effect.forkScoped)
        return Stream.fromQueue(answers)
      }),
    )

  const allRecord = (tag: string, payload: unknown, options?: Options) =>
    Effect.map(
      Effect.forEach(
        byKey,
        ([key, client]) =>
          Effect.map(
            Effect.exit(ask(key, client, tag, payload, options)),
            (exit) => [key, exit] as const,
          ),
        { concurrency: "unbounded" },
      ),
      (answers) => Object.fromEntries(answers),
    )

  // A success ends the loop as its failure, so that the rest is interrupted.
  const any = (tag: string, payload: unknown, options?: Options) =>
    Effect.forEach(
      byKey,
      ([key, client]) =>
        Effect.matchCauseEffect(ask(key, client, tag, payload, options), {
          onSuccess: (answer) => Effect.fail(answer),
          onFailure: (cause) => Effect.succeed([key, cause] as const),
        }),
      { concurrency: "unbounded" },
    ).pipe(
      Effect.map((failures) => new NoneSucceeded({ call: tag, failures: new Map(failures) })),
      Effect.flip,
    )

  const one = (key: K, tag: string, payload: unknown, options?: Options) => {
    const client = byKey.get(key)
    return client === undefined
      ? Effect.fail(new UnknownWorker({ key, call: tag }))
      : ask(key, client, tag, payload, options)
  }

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the contract says
  return { keys: Array.from(byKey.keys()), all, allRecord, any, one } as never
}

/**
 * A client for each channel, to be asked together. They live as long as the Scope. Fails with nothing:
 * a worker that is not there, or serves no such name, shows in its answers.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* <K extends Key, Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  channels: Iterable<readonly [K, Channel]>,
  options?: Ipc.ClientOptions,
): Effect.fn.Return<AskMany<K, Rpcs>, never, Scope.Scope | Rpc.MiddlewareClient<Rpcs>> {
  const clients = yield* Effect.forEach(channels, ([key, channel]) =>
    Effect.map(Ipc.client(group, channel, options), (client) => [key, client] as const),
  )
  return fromClients<K, Rpcs>(clients)
})
