// Law 4 for answers: a caller that does not read them is served no further, and waits; and two peers that
// call each other never wait for each other.
import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { floodWithCalls, serveMutual } from "./fixtures/Mutual.ts"
import { fixture, type Peer, transports } from "./fixtures/transports.ts"
import { callUnread, serveUnread, type Way } from "./fixtures/Unread.ts"

const KiB = 1024
const window = 256 * KiB

const unread: Peer = { file: fixture("unreadPeer"), on: callUnread }

const mutual: Peer = {
  file: fixture("mutualPeer"),
  on: (channel) => Effect.andThen(serveMutual(channel), channel.closed),
}

const count = 6000
const length = 4 * KiB
/** A window of answers, as much that waits, and what a batch may be too large. */
const mostMade = (2 * window) / length + 64

for (const transport of transports) {
  /** A caller that has called until it was held up. */
  const heldUp = (way: Way) =>
    Effect.gen(function* () {
      if (transport.peer !== "here") yield* Census.guard()
      const channel = yield* transport.open(unread, { window })
      const made = yield* serveUnread(channel, way)
      yield* channel.send("orders", { way, count, length })
      let last = -1
      let looks = 0
      yield* Condition.until(
        "the server makes no more answers",
        () => {
          looks = made.count > 0 && made.count === last ? looks + 1 : 0
          last = made.count
          return looks === 8
        },
        { every: 50, deadline: "20 seconds", state: () => [made, channel.link.stats] },
      )
      return { channel, made }
    })

  describe(`over a ${transport.name}`, () => {
    for (const way of ["flat", "full", "bare"] as const) {
      it.live(`a caller that reads no answers is served no further, then all of it: ${way}`, () =>
        Effect.gen(function* () {
          const { channel, made } = yield* heldUp(way)
          assert.isAtMost(made.count, mostMade)
          assert.isBelow(channel.link.stats.received, count)
          assert.isAtMost(channel.link.stats.waiting, window + length + KiB)
          const report = yield* channel.subscribe("report")
          yield* channel.send("orders", "read")
          assert.strictEqual(yield* Effect.timeout(report.take, "20 seconds"), true)
          assert.strictEqual(made.count, count)
        }).pipe(Effect.scoped),
      )
    }

    it.live("a caller that is gone before it has read takes its calls along", () =>
      Effect.gen(function* () {
        const { channel, made } = yield* heldUp("flat")
        const before = made.count
        channel.link.close()
        yield* channel.closed
        yield* Effect.yieldNow
        assert.strictEqual(made.count, before)
        assert.strictEqual(channel.link.stats.waiting, 0)
      }).pipe(Effect.scoped),
    )

    it.live("two that call each other, more than any window holds, are both answered", () =>
      Effect.gen(function* () {
        const channel = yield* transport.open(mutual, { window: 64 * KiB })
        const client = yield* serveMutual(channel)
        const both = Effect.all(
          [
            floodWithCalls(client, 300, 16 * KiB),
            client.Flood({ count: 300, length: 16 * KiB }),
            floodWithCalls(client, 3, 1024 * KiB),
            client.Flood({ count: 3, length: 1024 * KiB }),
          ],
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(yield* Effect.timeout(both, "20 seconds"), [300, 300, 3, 3])
      }).pipe(Effect.scoped),
    )
  })
}
