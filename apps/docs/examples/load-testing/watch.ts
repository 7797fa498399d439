import { LoadTest } from "@manycore/loadtest"
import { Effect, Stream } from "effect"

// #region watch
/** Runs until a hundred requests have failed, and tells twice a second how it goes. */
export const watch = (url: string) =>
  Effect.gen(function* () {
    const run = yield* LoadTest.start({ url, duration: "1 hour", bail: 100 })
    yield* Stream.runForEach(run.snapshots, ({ elapsed, requests }) =>
      Effect.log(`after ${Math.round(elapsed)} ms: ${requests.ok} ok, ${requests.failed} failed`),
    )
    return yield* run.report
  }).pipe(Effect.scoped)
// #endregion
