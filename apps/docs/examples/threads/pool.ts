import { Pool } from "@manycore/threads"
import { Effect, Stream } from "effect"

import { Words } from "./Words.ts"

// #region pool
export const count = (entry: URL) =>
  Effect.gen(function* () {
    const { tasks } = yield* Pool.make(Words, { entry, size: 2 })
    const texts = ["one", "one two", "one two three"]
    return {
      counts: yield* Effect.forEach(texts, (text) => tasks.Count({ title: "t", text }), {
        concurrency: "unbounded",
      }),
      words: yield* Stream.runCollect(tasks.Each({ text: "one two" })),
      refused: yield* Effect.flip(tasks.Count({ title: "blank", text: " " })),
    }
  }).pipe(Effect.scoped)
// #endregion

// #region stuck
export const outliveALoop = (entry: URL) =>
  Effect.gen(function* () {
    const { stats, tasks } = yield* Pool.make(Words, { entry, size: 1, grace: "50 millis" })
    yield* tasks.Hang().pipe(Effect.timeoutOption("100 millis"))
    const counted = yield* tasks.Count({ title: "t", text: "still here" })
    return { counted, threads: (yield* stats).started }
  }).pipe(Effect.scoped)
// #endregion

// #region queue
export const bounded = (entry: URL) =>
  Pool.make(Words, {
    entry,
    minThreads: 1,
    maxThreads: 4,
    queue: { capacity: 1000, strategy: "fail" },
    recycle: { afterTasks: 10_000 },
  })
// #endregion
