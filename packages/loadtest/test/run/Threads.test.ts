import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Deferred, Effect, Exit } from "effect"

import * as Job from "../../src/internal/engine/Job.ts"
import type * as Fleet from "../../src/internal/run/Fleet.ts"
import type { Result } from "../../src/internal/run/Generators.ts"
import * as Threads from "../../src/internal/run/Threads.ts"
import * as Plan from "../../src/Plan.ts"
import * as Servers from "../fixtures/servers.ts"
import * as Workers from "../fixtures/workers.ts"

/** For threads to start on a machine that has much else to do. */
const patient = { deadline: "20 seconds" } as const

const jobsOf = (input: Plan.Input) =>
  Effect.map(Plan.make({ connections: 4, threads: 2, ...input }), Job.make)

/** A fleet that has been started, and what it tells. */
const start = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job.Job>, file?: URL) {
  const ended = yield* Deferred.make<ReadonlyArray<Result>, unknown>()
  const found = { startedAt: 0, ok: 0, sent: 0 }
  const make = yield* Threads.make(jobs, file)
  const fleet: Fleet.Fleet = make({
    started: (at) => {
      found.startedAt = at
    },
    parcel: ({ routes }) => {
      for (const { ok, sent } of routes) {
        found.ok += ok
        found.sent += sent
      }
    },
    ended: (results) => Deferred.doneUnsafe(ended, Exit.succeed(results)),
    lost: (cause) => Deferred.doneUnsafe(ended, Exit.fail(cause)),
  })
  fleet.start()
  return { fleet, found, ended: Deferred.await(ended) }
})

describe("Threads", () => {
  it.live("begin at the same time, and stop when all of them are told to", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const { ended, fleet, found } = yield* start(
        yield* jobsOf({ url: `http://127.0.0.1:${port}/`, duration: "1 hour" }),
      )
      yield* Condition.until(
        "answers were told",
        () =>
          Effect.sync(() => {
            fleet.collect()
            return found.ok > 0
          }),
        patient,
      )
      fleet.stop("bail")
      const results = yield* ended
      assert.lengthOf(results, 2)
      for (const { ended, inFlight, startedAt } of results) {
        assert.approximately(startedAt, found.startedAt, 0.01)
        assert.strictEqual(ended, "bail")
        assert.strictEqual(inFlight, 0)
      }
      assert.strictEqual(found.sent, found.ok)
    }),
  )

  it.live("are cut, all of them, with what is in flight", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { open, port } = yield* Servers.tcp((socket) => Servers.onRequest(socket, () => {}))
      const { ended, fleet, found } = yield* start(
        yield* jobsOf({ url: `http://127.0.0.1:${port}/`, duration: "1 hour" }),
      )
      yield* Condition.until(
        "all requests are sent",
        () =>
          Effect.sync(() => {
            fleet.collect()
            return found.sent === 4
          }),
        patient,
      )
      fleet.cut("deadline")
      const results = yield* ended
      assert.deepStrictEqual(
        results.map(({ ended, inFlight }) => [ended, inFlight]),
        [
          ["deadline", 2],
          ["deadline", 2],
        ],
      )
      yield* Condition.until("no connection is open", () => open() === 0)
    }),
  )

  it.live("hear what they were told before they had started", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const { ended, fleet, found } = yield* start(
        yield* jobsOf({ url: `http://127.0.0.1:${port}/`, duration: "1 hour" }),
      )
      fleet.stop("stopped")
      const results = yield* ended
      assert.deepStrictEqual(
        results.map(({ ended }) => ended),
        ["stopped", "stopped"],
      )
      assert.strictEqual(found.sent, found.ok)
    }),
  )

  it.live("lose the run when one breaks down: the others end, and no other takes its place", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const threads = yield* Workers.watch
      const [job, other] = yield* jobsOf({ url: "http://127.0.0.1:1/" })
      assert.isDefined(job)
      assert.isDefined(other)
      // Nothing can be sent to a plan without routes: its thread breaks down.
      const { ended } = yield* start([job, { ...other, routes: [] }])
      const cause = yield* Effect.flip(ended)
      assert.include(String(cause), "exited with code 1 while it ran Generate: there is no route 0")
      yield* Condition.until("no thread is left", () =>
        Effect.sync(() => threads.alive().length === 0),
      )
    }),
  )

  it.live("lose the run when nobody can make anything of what they found", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const make = yield* Threads.make(
        yield* jobsOf({ url: `http://127.0.0.1:${port}/`, requests: 10 }),
      )
      const lost = yield* Effect.callback<unknown>((resume) => {
        make({
          started: () => {},
          parcel: () => {},
          ended: () => {
            throw new RangeError("what is this?")
          },
          lost: (cause) => resume(Effect.succeed(cause)),
        }).start()
      })
      assert.instanceOf(lost, RangeError)
    }),
  )

  it.live("lose the run when they cannot even start", () =>
    Effect.gen(function* () {
      const threads = yield* Workers.watch
      const jobs = yield* jobsOf({ url: "http://127.0.0.1:1/" })
      const { ended } = yield* start(jobs, new URL("../fixtures/broken.thread.ts", import.meta.url))
      const cause = String(yield* Effect.flip(ended))
      assert.match(cause, /did not start: it is broken$/)
      yield* Condition.until("no thread is left", () =>
        Effect.sync(() => threads.alive().length === 0),
      )
    }),
  )

  it.live("are gone within a deadline, also when they are stuck", () =>
    Effect.gen(function* () {
      const threads = yield* Workers.watch
      const jobs = yield* jobsOf({ url: "http://127.0.0.1:1/" })
      const stuck = new URL("../fixtures/stuck.thread.ts", import.meta.url)
      const { fleet, found } = yield* start(jobs, stuck)
      yield* Condition.until("both are ready", () => found.startedAt > 0, patient)
      yield* Effect.timeout(Effect.promise(fleet.close), "20 seconds")
      assert.lengthOf(threads.alive(), 0)
    }),
  )
})
