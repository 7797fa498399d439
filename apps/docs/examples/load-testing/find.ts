// #region find
import { Find } from "@manycore/loadtest"

/** The highest rate at which 99 of 100 answers come within 100 ms. */
export const highestRate = (url: string) =>
  Find.run({ url, thresholds: ["p99 < 100ms"] }, { from: 50, max: 400, probe: "500 millis" })
// #endregion
