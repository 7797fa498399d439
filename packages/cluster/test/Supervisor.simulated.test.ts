import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy, Supervisor } from "@manycore/cluster"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"

import * as Engine from "../src/internal/engine/engine.ts"
import * as Simulation from "../src/internal/simulation.ts"
import * as Spec from "../src/internal/Spec.ts"

describe("Supervisor.layerTest", () => {
  it.effect("restarts after a crash: at once, then on its Schedule", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.Supervisor
      const state = Effect.map(supervisor.workers, ([worker]) => worker?.state)
      yield* supervisor.signal("SIGKILL", { id: 1 })
      // News travel through queues, which take turns but no time worth the name.
      for (let turn = 0; turn < 5; turn++) yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* state, "ready")
      yield* supervisor.signal("SIGKILL", { id: 1 })
      yield* TestClock.adjust("1 millis")
      yield* TestClock.adjust("70 millis")
      assert.strictEqual(yield* state, "crashed")
      yield* TestClock.adjust("60 millis")
      yield* TestClock.adjust("1 millis")
      assert.deepInclude((yield* supervisor.workers)[0], { state: "ready", restarts: 2 })
    }).pipe(Effect.provide(Supervisor.layerTest())),
  )

  it.effect("a reload into code that crashes fails and leaves the old workers", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.Supervisor
      const before = yield* supervisor.workers
      const reloading = yield* Effect.forkChild(
        Effect.flip(supervisor.reload({ args: ["broken"] })),
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(reloading)).reason._tag, "ReloadFailed")
      const after = yield* supervisor.workers
      assert.deepStrictEqual(
        after.map(({ pid }) => pid),
        before.map(({ pid }) => pid),
      )
    }).pipe(
      Effect.provide(
        Supervisor.layerTest({
          crashes: ({ args }) => args.includes("broken"),
        }),
      ),
    ),
  )

  it.effect("a restart that follows a scale means the workers that are left", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.Supervisor
      const asked = yield* Effect.forkChild(
        Effect.all(
          [supervisor.scale(4), supervisor.scale(1), supervisor.restart(), supervisor.scale(3)],
          { concurrency: "unbounded" },
        ),
      )
      const second = yield* Effect.forkChild(Effect.flip(supervisor.restart({ id: 2 })))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(asked)
      assert.strictEqual((yield* Fiber.join(second)).reason._tag, "UnknownWorker")
      const workers = yield* supervisor.workers
      assert.deepStrictEqual(
        workers.map(({ state }) => state),
        ["ready", "ready", "ready"],
      )
    }).pipe(Effect.provide(Supervisor.layerTest())),
  )

  it.effect(
    "a reload changes what its group is when it begins, and what failed leaves no trace",
    () => {
      const seen: Array<string> = []
      return Effect.gen(function* () {
        const supervisor = yield* Supervisor.Supervisor
        const both = yield* Effect.forkChild(
          Effect.all([supervisor.reload({ env: { A: "1" } }), supervisor.reload({ args: ["b"] })], {
            concurrency: "unbounded",
          }),
        )
        yield* Fiber.join(both)
        assert.strictEqual(seen.at(-1), '{"A":"1"} b')

        const failed = yield* Effect.forkChild(Effect.flip(supervisor.reload({ args: ["broken"] })))
        const after = yield* Effect.forkChild(supervisor.reload())
        assert.strictEqual((yield* Fiber.join(failed)).reason._tag, "ReloadFailed")
        yield* Fiber.join(after)
        assert.strictEqual(seen.at(-1), '{"A":"1"} b')

        // Nobody waits for it any more, and it goes on.
        const left = yield* Effect.forkChild(supervisor.reload({ args: ["c"] }), {
          startImmediately: true,
        })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(left)
        const again = yield* Effect.forkChild(supervisor.reload({ env: { A: "2" } }))
        yield* Fiber.join(again)
        assert.strictEqual(seen.at(-1), '{"A":"2"} c')
      }).pipe(
        Effect.provide(
          Supervisor.layerTest({
            crashes: ({ args, env }) => {
              seen.push(`${JSON.stringify(env)} ${args.join()}`)
              return args.includes("broken")
            },
          }),
        ),
      )
    },
  )

  it.effect("tells what happens, in order", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.Supervisor
      const seen = yield* supervisor.events.pipe(
        Stream.take(3),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true }),
      )
      yield* supervisor.signal("SIGKILL", { id: 2 })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* Fiber.join(seen)).map(({ _tag, id }) => [_tag, id]),
        [
          ["WorkerExited", 2],
          ["WorkerForked", 2],
          ["WorkerReady", 2],
        ],
      )
    }).pipe(Effect.provide(Supervisor.layerTest())),
  )

  it.effect(
    "twenty-four hours of crashes: the state does not grow, and it still works",
    () =>
      Effect.gen(function* () {
        const spec = yield* Spec.make(
          {
            program: "simulated",
            restart: RestartPolicy.make({ intensity: { crashes: 100, within: "1 minute" } }),
          },
          () => ({ isFile: true, isFolder: true }),
        )
        const engine = yield* Engine.make({
          launcher: Simulation.make({}),
          strategy: "oneForOne",
          groups: [{ spec, size: 4 }],
        })
        yield* engine.begin
        const size = () => JSON.stringify(engine.state()).length
        const before = size()
        let crashes = 0
        // Every 20 seconds one crashes, now and then twice in a row: 24 hours.
        for (let tick = 0; tick < 24 * 180; tick++) {
          const slot = 1 + (tick % 4)
          for (let again = 0; again <= tick % 3; again++) {
            for (const launched of engine.running(slot)) {
              launched.kill("SIGKILL")
              crashes++
            }
            yield* TestClock.adjust("1 millis")
          }
          yield* TestClock.adjust("20 seconds")
        }
        assert.isAbove(crashes, 5000)
        assert.strictEqual(
          engine.state().processes.filter(({ state }) => state === "ready").length,
          4,
        )
        assert.isAtMost(size(), before + 2000)
      }),
    { timeout: 120_000 },
  )
})
