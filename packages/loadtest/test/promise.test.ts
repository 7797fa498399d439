import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { LoadTestError } from "../src/LoadTest.ts"
import * as LoadTest from "../src/promise.ts"
import * as Servers from "./fixtures/servers.ts"

describe("promise", () => {
  it.live("runs a plan, and rejects with what is wrong with one", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const url = `http://127.0.0.1:${port}/`
      const report = yield* Effect.promise(() => LoadTest.run({ url, requests: 20 }))
      assert.strictEqual(report.requests.ok, 20)
      const error = yield* Effect.promise(() =>
        LoadTest.run({ url, connections: 0 }).catch((error: unknown) => error),
      )
      assert.instanceOf(error, LoadTestError)
    }),
  )

  it.live("shows how a run is doing, stops it, and closes it", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { open, port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const plan = { url: `http://127.0.0.1:${port}/`, duration: "1 hour" } as const
      const run = yield* Effect.promise(() => LoadTest.start(plan))
      const phases = yield* Effect.promise(async () => {
        const phases: Array<string> = []
        for await (const now of run.snapshots()) {
          phases.push(now.phase)
          if (phases.length === 2) await run.stop()
        }
        return phases
      })
      assert.strictEqual(phases.at(-1), "ended")
      assert.isAbove((yield* Effect.promise(run.report)).requests.ok, 0)
      yield* Effect.promise(run.close)
      const other = yield* Effect.promise(() => LoadTest.start(plan))
      yield* Condition.until("it has connected", () => open() === 1)
      yield* Effect.promise(() => other[Symbol.asyncDispose]())
      yield* Condition.until("it has gone", () => open() === 0)
    }),
  )

  it.live("closes everything and rejects with the reason when it is aborted", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { open, port } = yield* Servers.tcp(Servers.always(Servers.hello))
      const aborting = new AbortController()
      const settled = LoadTest.run(
        { url: `http://127.0.0.1:${port}/`, duration: "1 hour" },
        { signal: aborting.signal },
      ).then(
        () => "answered",
        (reason: unknown) => reason,
      )
      yield* Condition.until("it has connected", () => open() === 1)
      aborting.abort("enough")
      assert.strictEqual(yield* Effect.promise(() => settled), "enough")
      yield* Condition.until("it has gone", () => open() === 0)
    }),
  )
})
