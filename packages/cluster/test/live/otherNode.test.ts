/** The laws of dispatch on a Node that has not the private things on which its fast path rides. */
import { assert, describe, it } from "@effect/vitest"
import { Condition, LoadClient } from "@manycore/testkit"
import { Effect } from "effect"

import {
  assertNothingLost,
  awaitDescriptors,
  descriptors,
  fixture,
  loads,
  startPrimary,
} from "./support.ts"

const lanes = [
  { path: "/", connections: 4, keepAlive: true },
  { path: "/", connections: 6, keepAlive: false },
] as const

for (const HIDE of ["_send", "_handleQueue", "_send,_handleQueue,NODE_HANDLE"]) {
  const start = startPrimary(
    {
      program: "./plain.mjs",
      // A client that this machine lets wait for a second is not cut off.
      lameDuck: "10 seconds",
      restart: { intensity: { crashes: 100, within: "1 minute" } },
    },
    { execArgv: ["--import", fixture("otherNode.mjs")], env: { HIDE } },
  )

  /** It was another Node indeed. */
  const end = ({ primary }: Effect.Success<typeof start>) =>
    Effect.gen(function* () {
      yield* primary.signal("SIGTERM")
      const exit = yield* Effect.timeout(primary.exit, "20 seconds")
      assert.deepStrictEqual(exit, { code: 0, signal: null }, primary.diagnostics())
      const [, asked, apart] =
        /asked in vain: (\d+), answered apart: (\d+)\n$/.exec(primary.stderr()) ?? []
      assert.strictEqual(Number(asked) > 0, HIDE.includes("_handleQueue"), primary.stderr())
      assert.strictEqual(Number(apart) > 0, HIDE.includes("_send"), primary.stderr())
    })

  describe(`without ${HIDE}`, () => {
    it.live(
      "two reloads under load lose nothing, and leave nothing open",
      () =>
        Effect.gen(function* () {
          const started = yield* start
          const { primary, url, workers } = started
          const before = descriptors(primary.pid)
          const load = yield* loads(url, lanes)
          for (let n = 0; n < 2; n++) {
            const old = yield* workers
            yield* primary.signal("SIGHUP")
            yield* Condition.until(
              "two new ones are there alone",
              () =>
                Effect.map(workers, (now) => now.length === 2 && !now.some((n) => old.includes(n))),
              { deadline: "20 seconds", state: primary.diagnostics },
            )
          }
          assertNothingLost(yield* load.stop)
          yield* awaitDescriptors(before, primary.pid)
          yield* end(started)
        }).pipe(Effect.scoped),
      { timeout: 120_000 },
    )

    it.live("what a killed worker was handed and never took goes to the other one", () =>
      Effect.gen(function* () {
        const started = yield* start
        const { primary, url, workers } = started
        const before = descriptors(primary.pid)
        const [victim = 0, other = 0] = yield* workers
        process.kill(victim, "SIGSTOP")
        const answers: Array<number> = []
        const load = yield* LoadClient.start({
          url,
          connections: 20,
          requests: 20,
          keepAlive: false,
          timeout: "20 seconds",
          onReply: ({ body }) => answers.push(Number(body)),
        })
        // The other one answers all but those that were handed to the one that is stopped.
        yield* Condition.until("the rest is answered", () => load.snapshot().ok >= 12)
        assert.isBelow(load.snapshot().ok, 20)
        process.kill(victim, "SIGKILL")
        const { errors, ok } = yield* load.done
        assert.deepStrictEqual(errors, {})
        assert.strictEqual(ok, 20)
        assert.notInclude(answers, victim)
        assert.include(answers, other)
        yield* awaitDescriptors(before, primary.pid)
        yield* end(started)
      }).pipe(Effect.scoped),
    )

    it.live(
      "kill -9 again and again under load: only what was inside fails, at once; nothing leaks",
      () =>
        Effect.gen(function* () {
          const started = yield* start
          const { primary, url, workers } = started
          const before = descriptors(primary.pid)
          const load = yield* loads(url, lanes)
          for (let kill = 0; kill < 4; kill++) {
            const [victim = 0] = yield* workers
            process.kill(victim, "SIGKILL")
            yield* Condition.until(
              "another one is ready",
              () => primary.stdout().split('"WorkerReady"').length - 1 > kill,
              { deadline: "20 seconds", state: primary.diagnostics },
            )
            const answered = load.answered()
            yield* Condition.until("requests are answered", () => load.answered() > answered + 20)
          }
          for (const { errors, failed, ok, sent } of yield* load.stop) {
            assert.strictEqual(sent, ok + failed)
            // Each kill costs a connection at most what it had in that worker.
            assert.isAtMost(failed, 24)
            for (const name of Object.keys(errors)) assert.match(name, /ECONNRESET|ABORTED|EPIPE/)
          }
          yield* awaitDescriptors(before, primary.pid)
          yield* end(started)
        }).pipe(Effect.scoped),
      { timeout: 120_000 },
    )
  })
}
