import { LoadTest, type Plan } from "@manycore/loadtest"

// #region open
/** What do people see, when 200 of them come each second, whatever happens? */
const plan = (url: string): Plan.Input => ({
  url,
  rate: 200,
  duration: "2 seconds",
  warmup: "500 millis",
  thresholds: ["p99 < 200ms", "failed < 1%", "rate >= 99%"],
})

export const atARate = (url: string) => LoadTest.run(plan(url))
// #endregion

// #region ramp
export const ramp = (url: string) =>
  LoadTest.run({
    targets: [
      { url: `${url}/fast`, weight: 9 },
      { url, weight: 1, name: "the slow one" },
    ],
    stages: [
      { duration: "1 second", rate: 100 },
      { duration: "1 second", rate: 100 },
    ],
    arrivals: "poisson",
  })
// #endregion
