import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"

import * as Announcements from "../src/internal/engine/Announcements.ts"
import type { News } from "../src/internal/fleet/FleetModel.ts"

setFlagsFromString("--expose-gc")
const gc: unknown = runInNewContext("gc")

/** MiB in use when everything that nobody holds is gone. */
const heap = () => {
  if (typeof gc !== "function") throw new TypeError("there is no gc")
  Reflect.apply(gc, undefined, [])
  Reflect.apply(gc, undefined, [])
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** Each with so many bytes of its own. */
const crash = (id: number, size = 10): News => ({
  _tag: "WorkerGaveUp",
  id,
  crashes: 1,
  detail: Buffer.alloc(size, `${id} `).toString("latin1"),
})

/** Listens from now on, and stalls at the first one until it may go on. */
const stalled = (stream: Announcements.Announcements["stream"]) =>
  Effect.gen(function* () {
    const mayGoOn = yield* Deferred.make<void>()
    const seen: Array<{ readonly id: number; readonly missed: number }> = []
    const fiber = yield* Effect.forkChild(
      Stream.runForEach(stream, ({ id, missed }) => {
        seen.push({ id, missed })
        return Deferred.await(mayGoOn)
      }),
      { startImmediately: true },
    )
    return { seen, goOn: Deferred.succeed(mayGoOn, undefined), fiber }
  })

describe("Announcements", () => {
  it.live("who stalls keeps the newest, knows how many it missed, and holds up nobody", () =>
    Effect.gen(function* () {
      const { end, stream, tell } = yield* Announcements.make
      const late = yield* stalled(stream)
      const quick = yield* Effect.forkChild(Stream.runCollect(stream), { startImmediately: true })
      for (let id = 0; id < 5000; id++) {
        yield* tell(crash(id))
        // The quick one takes its turn.
        yield* Effect.yieldNow
      }
      yield* end
      const all = yield* Fiber.join(quick)
      assert.lengthOf(all, 5000)
      assert.isTrue(all.every(({ id, missed }, i) => id === i && missed === 0))

      assert.deepStrictEqual(late.seen, [{ id: 0, missed: 0 }])
      yield* late.goOn
      yield* Fiber.join(late.fiber)
      const { seen } = late
      assert.isAtMost(seen.length, 2 * 1024)
      assert.strictEqual(seen.at(-1)?.id, 4999)
      const gaps = seen.filter(({ missed }) => missed > 0)
      assert.lengthOf(gaps, 1)
      assert.strictEqual(seen.length + (gaps[0]?.missed ?? 0), 5000)
      // The one that tells it stands right after the gap.
      for (const [i, { id, missed }] of seen.entries()) {
        assert.strictEqual(id, (seen[i - 1]?.id ?? -1) + 1 + missed)
      }
    }),
  )

  it.live("who never goes on costs no more than what waits for it", () =>
    Effect.gen(function* () {
      const { stream, tell } = yield* Announcements.make
      const late = yield* stalled(stream)
      yield* tell(crash(0))
      yield* Effect.yieldNow
      const before = heap()
      // 200 MiB of text, of which 10 may wait.
      for (let id = 1; id <= 20_000; id++) yield* tell(crash(id, 10_000))
      assert.isBelow(heap() - before, 40)
      yield* Fiber.interrupt(late.fiber)
    }),
  )

  it.live("who listens after the end hears of it at once", () =>
    Effect.gen(function* () {
      const { end, stream, tell } = yield* Announcements.make
      yield* tell(crash(1))
      yield* end
      yield* tell(crash(2))
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [])
    }),
  )
})
