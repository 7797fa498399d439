/**
 * A real run of some minutes against nginx, with the memory that it takes looked at all the time: it
 * must not grow. Exit code 1 when it does, or when a request fails.
 *
 * Arguments: minutes (10), and requests per second (as fast as 50 connections can).
 */
import { LoadTest } from "@manycore/loadtest"
import { Effect } from "effect"

import * as Nginx from "./support/nginx.ts"

const minutes = Number(process.argv[2] ?? 10)
const rate = process.argv[3] === undefined ? undefined : Number(process.argv[3])
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
  LoadTest.run({ url: nginx.url, connections: 50, duration: `${minutes} minutes`, rate }),
)
clearInterval(sampling)
await nginx.close()

// The first third is warm-up: code is compiled, heaps find their size.
const third = Math.floor(samples.length / 3)
const thirds = [0, 1, 2].map((i) => median(samples.slice(i * third, (i + 1) * third)))
const [, second = Number.NaN, last = Number.NaN] = thirds
process.stdout.write(
  `${report.requests.ok} answers in ${minutes} min; memory by thirds: ${thirds.map((one) => `${one.toFixed(1)} MiB`).join(", ")}\n`,
)
if (last - second > tolerance || report.requests.failed > 0) process.exitCode = 1
