/**
 * The generators of a run on the threads of a pool, one task for each. All begin at the same time, so
 * that their parts of a schedule fit together, and none is replaced: what a lost one had measured is
 * gone, so the run is.
 *
 * Shutdown, when all have ended, one is lost, or the Scope closes:
 * 1. Generators that have not ended are interrupted, which cuts them; the pool terminates a thread that
 *    does not answer to that within `grace`.
 * 2. The pool closes: each thread exits, or is terminated after `grace`.
 * 3. The ports of the orders close, on both sides.
 */
import { MessageChannel } from "node:worker_threads"

import * as Pool from "@manycore/threads/Pool"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

import type { Job } from "../engine/Job.ts"
import type { Events, Fleet } from "./Fleet.ts"
import { Generators, type Result } from "./Generators.ts"
import type { Order } from "./Orders.ts"

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js",
  import.meta.url,
)

/** How long a thread may take to start: there may be 256 of them on one core. */
const startTimeout = "1 minute"
/** How long a thread may take to cut its generator, and then to exit. */
const grace = "1 second"
/** How far ahead the common begin lies, so that every thread knows of it in time, in ms. */
const notice = 20

const now = (): number => performance.timeOrigin + performance.now()

/**
 * Starts the threads, which takes them some time, and answers with how to make a fleet of them.
 *
 * @param file what they run; tests put their own here
 */
export const make = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>, file: URL = entry) {
  const lines = jobs.map((job) => {
    const { port1, port2 } = new MessageChannel()
    return { job, port1, port2 }
  })
  const watched = yield* Deferred.make<Events>()
  const runPromise = Effect.runPromiseWith(yield* Effect.context())
  const results: Array<Result> = []
  let ready = 0

  const tell = (order: Order): void => {
    for (const { port1 } of lines) port1.postMessage(order)
  }
  const begin = (events: Events): void => {
    ready += 1
    if (ready < jobs.length) return
    const at = now() + notice
    events.started(at + (jobs[0]?.warmup ?? 0))
    tell({ _tag: "Begin", at })
  }

  const generating = Effect.gen(function* () {
    const { tasks } = yield* Pool.make(Generators, {
      entry: file,
      name: "manyload",
      size: jobs.length,
      startTimeout,
      grace,
      closeTimeout: grace,
      // One that dies before it has done anything would die again.
      respawn: { times: 0 },
    })
    const events = yield* Deferred.await(watched)
    yield* Effect.forEach(
      lines,
      ({ job, port2 }) =>
        Stream.runForEach(tasks.Generate({ job, orders: port2 }), (event) =>
          Effect.sync(() => {
            switch (event._tag) {
              case "Ready":
                return begin(events)
              case "Counted":
                return events.parcel(event.parcel)
              case "Ended":
                return void results.push(event.result)
            }
          }),
        ),
      { concurrency: "unbounded", discard: true },
    )
    events.ended(results)
  })
  const running = yield* generating.pipe(
    Effect.catchCause((cause) =>
      Effect.map(Deferred.await(watched), (events) => events.lost(Cause.squash(cause))),
    ),
    Effect.scoped,
    Effect.ensuring(
      Effect.sync(() => {
        for (const { port1 } of lines) port1.close()
      }),
    ),
    Effect.forkScoped({ startImmediately: true }),
  )

  return (events: Events): Fleet => ({
    start: () => Deferred.doneUnsafe(watched, Exit.succeed(events)),
    collect: () => tell({ _tag: "Collect" }),
    stop: (reason) => tell({ _tag: "Stop", reason }),
    cut: (reason) => tell({ _tag: "Cut", reason }),
    close: () => runPromise(Fiber.interrupt(running)),
  })
})
