/**
 * A real run of some minutes (10, or the first argument) against nginx, with the memory that it takes
 * looked at every few seconds: it must not grow. Exit code 1 when it does.
 */
import { LoadTest } from "@manycore/loadtest"
import { Effect } from "effect"

import * as Nginx from "./support/nginx.ts"

const minutes = Number(process.argv[2] ?? 10)
/** By so many MiB the last third of the run may lie above the second. */
const tolerance = 5

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const nginx = await Nginx.start()
const samples: Array<number> = []
const sampling = setInterval(
  () => samples.push(process.memoryUsage.rss() / 2 ** 20),
  (minutes * 60_000) / 90,
)
const report = await Effect.runPromise(
  LoadTest.run({ url: nginx.url, connections: 50, duration: `${minutes} minutes` }),
)
clearInterval(sampling)
await nginx.close()

// The first third is warm-up: code is compiled, heaps find their size.
const third = Math.floor(samples.length / 3)
const second = median(samples.slice(third, 2 * third))
const last = median(samples.slice(2 * third))
process.stdout.write(
  `${report.requests.ok} answers in ${minutes} min: ${second.toFixed(1)} MiB, then ${last.toFixed(1)} MiB\n`,
)
if (last - second > tolerance) process.exitCode = 1
