// #region closed
import { LoadTest, Report } from "@manycore/loadtest"
import { Effect } from "effect"

/** How fast is it, when ten clients do nothing but ask? */
export const asFastAsItCan = (url: string) =>
  Effect.gen(function* () {
    const report = yield* LoadTest.run({ url, requests: 1000, connections: 10 })
    yield* Effect.log(Report.headline(report))
    return report
  })
// #endregion
