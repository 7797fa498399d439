/**
 * One job over many items on many threads: items are cut into chunks, each chunk is one task, and results
 * come in the order of the items. How large a chunk is follows from how long items take: about 10 ms of
 * work, less towards the end. The task is yours, of a `Pool` or of anything else that runs elsewhere; it
 * takes a chunk.
 *
 * It takes items only as fast as they are worked on, so an endless or asynchronous source is bounded.
 * The first failure interrupts what runs, and closes the source. It starts no thread.
 *
 * @since 0.1.0
 */
import { availableParallelism } from "node:os"

import { Cause, Duration, Effect, Schema, Semaphore, Stream } from "effect"

import {
  type Chunk,
  type Chunks,
  chunksOf,
  type Items,
  type TypedArray,
} from "./internal/parallel/chunks.ts"
import * as ChunkSize from "./internal/parallel/chunkSize.ts"

/**
 * The source threw, or rejected, when it was asked for the next item. Chunks before it have run.
 *
 * @category errors
 * @since 0.1.0
 */
export class SourceFailed extends Schema.TaggedError<SourceFailed>()("SourceFailed", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `the source of the items failed: ${why}`
  }
}

/**
 * A task answered another number of results than it got items.
 *
 * @category errors
 * @since 0.1.0
 */
export class WrongLength extends Schema.TaggedError<WrongLength>()("WrongLength", {
  start: Schema.Int,
  expected: Schema.Int,
  actual: Schema.Int,
}) {
  override get message(): string {
    return `the chunk from item ${this.start} on has ${this.expected} items, but its task answered ${this.actual} results`
  }
}

/**
 * An option makes no sense.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  value: Schema.Unknown,
  expected: Schema.String,
}) {
  override get message(): string {
    return `${this.option} is ${String(this.value)}, but must be ${this.expected}`
  }
}

/**
 * Handle a case with `Effect.catchReason("ParallelError", "SourceFailed", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class ParallelError extends Schema.TaggedError<ParallelError>()("ParallelError", {
  reason: Schema.Union([SourceFailed, WrongLength, InvalidOption]),
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How many tasks run at once; the number of threads. Default `os.availableParallelism()`. */
  readonly concurrency?: number
  /** A fixed number of items for each task. Default: chosen from what items took so far. */
  readonly chunkSize?: number
  /** What a task should take, where `chunkSize` is not given. Default 10 millis. */
  readonly chunkTime?: Duration.Input
}

/**
 * What holds the items: anything iterable. Of an array over shared memory, tasks get parts of that very
 * memory, and nothing is copied.
 *
 * @category models
 * @since 0.1.0
 */
export type Source = Items

/**
 * What a task gets: a part of a typed array, or an array of items.
 *
 * @category models
 * @since 0.1.0
 */
export type ChunkOf<S> = S extends TypedArray
  ? S
  : S extends Iterable<infer A> | AsyncIterable<infer A>
    ? ReadonlyArray<A>
    : never

/**
 * The task for one chunk. `start` is the index of its first item among all.
 *
 * @category models
 * @since 0.1.0
 */
export type Task<S, B, E, R> = (chunk: ChunkOf<S>, start: number) => Effect.Effect<B, E, R>

const fail = (reason: ParallelError["reason"]) => Effect.fail(new ParallelError({ reason }))

const checkWhole = (option: string, value: number) =>
  Number.isInteger(value) && value >= 1
    ? Effect.void
    : fail(new InvalidOption({ option, value, expected: "a whole number from 1" }))

const opened = (source: Source): Effect.Effect<Chunks, ParallelError> =>
  Effect.try({
    try: () => chunksOf(source),
    catch: (cause) => new ParallelError({ reason: new SourceFailed({ cause }) }),
  })

const taken = (chunks: Chunks, size: number): Effect.Effect<Chunk, ParallelError> =>
  Effect.tryPromise({
    try: async () => chunks.take(size),
    catch: (cause) => new ParallelError({ reason: new SourceFailed({ cause }) }),
  })

interface Piece {
  readonly chunk: Chunk
  readonly start: number
}

/** What each task answers, in the order of the chunks. */
const answers = <S extends Source, B, E, R>(
  source: S,
  task: Task<S, B, E, R>,
  options: Options,
): Stream.Stream<Piece & { readonly answer: B }, E | ParallelError, R> =>
  Effect.gen(function* () {
    const lanes = options.concurrency ?? availableParallelism()
    yield* checkWhole("concurrency", lanes)
    if (options.chunkSize !== undefined) yield* checkWhole("chunkSize", options.chunkSize)
    const targetMillis = Duration.toMillis(options.chunkTime ?? 10)
    const chunks = yield* Effect.acquireRelease(opened(source), (chunks) =>
      // Whoever stops early does not want to hear that closing the source failed.
      Effect.ignore(Effect.tryPromise(async () => chunks.close())),
    )
    let pace = ChunkSize.start
    let start = 0

    const pull = Effect.gen(function* () {
      const size =
        options.chunkSize ?? ChunkSize.choose(pace, targetMillis, chunks.remaining(), lanes)
      const chunk = yield* taken(chunks, size)
      if (chunk.length === 0) return yield* Cause.done()
      const piece: Piece = { chunk, start }
      start += chunk.length
      return [piece] as const
    })

    const lane = Semaphore.makeUnsafe(lanes)
    const run = (piece: Piece) =>
      Effect.suspend(() => {
        const began = performance.now()
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a chunk of S, taken from it
        return Effect.map(task(piece.chunk as ChunkOf<S>, piece.start), (answer) => {
          pace = ChunkSize.learn(pace, piece.chunk.length, performance.now() - began)
          return { ...piece, answer }
        })
      }).pipe(lane.withPermits(1))

    // Twice as many are taken as run: one that is slow does not leave the other lanes without work.
    return Stream.fromPull(Effect.succeed(pull)).pipe(
      Stream.mapEffect(run, { concurrency: 2 * lanes }),
    )
  }).pipe(Stream.unwrap)

const checkedResults = <B>(piece: Piece & { readonly answer: ArrayLike<B> }) => {
  const { answer, chunk, start } = piece
  return answer.length === chunk.length
    ? Effect.succeed(answer)
    : fail(new WrongLength({ start, expected: chunk.length, actual: answer.length }))
}

/**
 * The results as a stream, for sources without end and results that should not all be held at once.
 * Whoever reads slowly slows the tasks and the source.
 *
 * @category running
 * @since 0.1.0
 */
export const stream = <S extends Source, B, E, R>(
  source: S,
  task: Task<S, ArrayLike<B>, E, R>,
  options: Options = {},
): Stream.Stream<B, E | ParallelError, R> =>
  answers(source, task, options).pipe(
    Stream.mapEffect(checkedResults),
    Stream.map((results) => Array.from(results)),
    Stream.flattenIterable,
  )

/**
 * All results, in the order of the items. A task answers one result for each item of its chunk.
 *
 * @category running
 * @since 0.1.0
 */
export const map = <S extends Source, B, E, R>(
  source: S,
  task: Task<S, ArrayLike<B>, E, R>,
  options: Options = {},
): Effect.Effect<Array<B>, E | ParallelError, R> =>
  answers(source, task, options).pipe(
    Stream.mapEffect(checkedResults),
    Stream.runFold(
      () => new Array<B>(),
      (all, results) => {
        for (const result of Array.from(results)) all.push(result)
        return all
      },
    ),
  )

/**
 * Run the task on all chunks and forget what it answers: for tasks that write into shared memory.
 *
 * @category running
 * @since 0.1.0
 */
export const forEach = <S extends Source, E, R>(
  source: S,
  task: Task<S, unknown, E, R>,
  options: Options = {},
): Effect.Effect<void, E | ParallelError, R> => Stream.runDrain(answers(source, task, options))

/**
 * Each task makes one value of its chunk; `combine` makes one of all these, in the order of the items. So
 * it need not be commutative, only associative where the result must not depend on how items were cut.
 * Without items: `initial`.
 *
 * @category running
 * @since 0.1.0
 */
export const reduce = <S extends Source, B, E, R>(
  source: S,
  task: Task<S, B, E, R>,
  initial: B,
  combine: (all: B, next: B) => B,
  options: Options = {},
): Effect.Effect<B, E | ParallelError, R> =>
  Stream.runFold(
    answers(source, task, options),
    () => initial,
    (all, { answer }) => combine(all, answer),
  )
