import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import {
  type Channel,
  ChannelMetrics,
  Ipc,
  MemoryChannel,
  PortChannel,
  ProcessChannel,
} from "@manycore/ipc"
import { Condition } from "@manycore/testkit"
import { Effect, Fiber, Metric, type Scope, Stream } from "effect"

import { Contract } from "./fixtures/Contract.ts"

const fixture = (name: string) => new URL(`./fixtures/${name}.ts`, import.meta.url)

const transports: ReadonlyArray<
  readonly [name: string, open: Effect.Effect<Channel.Channel, unknown, Scope.Scope>]
> = [
  ["process", ProcessChannel.fork(fixture("process"))],
  [
    "thread",
    Effect.acquireRelease(
      Effect.sync(() => new Worker(fixture("thread"))),
      (worker) => Effect.promise(() => worker.terminate()),
    ).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker))),
  ],
]

/** The series of one peer, by the name of their metric; histograms as their count, sum and largest value. */
const seriesOf = (peer: string) =>
  Effect.map(Metric.snapshot, (snapshots) => {
    const found: Record<string, number> = {}
    for (const { attributes, id, state } of snapshots) {
      if (attributes?.["peer"] !== peer) continue
      const name = id.replace("manycore_ipc_", "")
      if ("buckets" in state) {
        found[`${name}_count`] = state.count
        found[`${name}_sum`] = state.sum
      } else if ("count" in state) found[name] = Number(state.count)
      else if ("value" in state) found[name] = Number(state.value)
    }
    return found
  })

/** A registry of its own, so that nothing is counted but this test. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Metric.MetricRegistry, new Map()))

for (const [name, open] of transports) {
  describe(`metrics of a channel to a ${name}`, () => {
    it.live("count what it carries, and the calls that have not ended", () =>
      Effect.gen(function* () {
        const channel = yield* open
        yield* ChannelMetrics.register(channel)
        const client = yield* Ipc.client(Contract, channel)
        const bytes = new Uint8Array(10_000)
        for (let i = 0; i < 20; i++) yield* client.Echo({ bytes })
        const hanging = yield* Effect.forkChild(client.Hang())
        yield* Condition.until("it hangs", () => Effect.map(client.Hanging(), (n) => n === 1))

        const during = yield* seriesOf(channel.peer)
        const stats = yield* channel.stats
        assert.strictEqual(during["messages_sent"], stats.sent)
        assert.strictEqual(during["bytes_received"], stats.bytesReceived)
        assert.isAtLeast(during["messages_sent"] ?? 0, 21)
        assert.isAtLeast(during["messages_received"] ?? 0, 20)
        assert.isAtLeast(during["bytes_sent"] ?? 0, 200_000)
        assert.strictEqual(during["messages_refused"], 0)
        assert.strictEqual(during["bytes_outstanding"], stats.outstanding)
        assert.strictEqual(during["calls_in_flight"], 1)
        const answered = during["round_trip_ms_count"] ?? 0
        assert.isAtLeast(answered, 21)
        assert.isAbove(during["round_trip_ms_sum"] ?? 0, 0)
        assert.isAtLeast(during["queue_wait_ms_count"] ?? 0, 22)

        yield* Fiber.interrupt(hanging)
        const after = yield* seriesOf(channel.peer)
        assert.strictEqual(after["calls_in_flight"], 0)
        assert.strictEqual(after["round_trip_ms_count"], answered)
      }).pipe(Effect.scoped, alone),
    )

    it.live("a typed error has a round trip; a call that the peer's end failed has none", () =>
      Effect.gen(function* () {
        const channel = yield* open
        yield* ChannelMetrics.register(channel)
        const client = yield* Ipc.client(Contract, channel)
        yield* Effect.flip(client.Divide({ dividend: 1, divisor: 2 }))
        assert.strictEqual((yield* seriesOf(channel.peer))["round_trip_ms_count"], 1)
        yield* Effect.flip(client.Exit({ code: 1 }))
        const after = yield* seriesOf(channel.peer)
        assert.strictEqual(after["round_trip_ms_count"], 1)
        assert.strictEqual(after["calls_in_flight"], 0)
      }).pipe(Effect.scoped, alone),
    )

    it.live("a stream is in flight while it is consumed", () =>
      Effect.gen(function* () {
        const channel = yield* open
        yield* ChannelMetrics.register(channel)
        const client = yield* Ipc.client(Contract, channel)
        const inFlight = Effect.map(seriesOf(channel.peer), (series) => series["calls_in_flight"])
        const seen = yield* client.Count({ to: 3 }).pipe(
          Stream.mapEffect(() => inFlight),
          Stream.runCollect,
        )
        assert.deepStrictEqual(seen, [1, 1, 1])
        assert.strictEqual(yield* inFlight, 0)
      }).pipe(Effect.scoped, alone),
    )

    it.live("the series go with their Scope", () =>
      Effect.gen(function* () {
        const channel = yield* open
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* ChannelMetrics.register(channel)
            const client = yield* Ipc.client(Contract, channel)
            yield* client.Pid()
            assert.isAbove(Object.keys(yield* seriesOf(channel.peer)).length, 8)
          }),
        )
        assert.deepStrictEqual(yield* seriesOf(channel.peer), {})
        const client = yield* Ipc.client(Contract, channel)
        yield* client.Pid()
        assert.deepStrictEqual(yield* seriesOf(channel.peer), {})
      }).pipe(Effect.scoped, alone),
    )
  })
}

describe("metrics of a channel in memory", () => {
  it.live("a message that finds no room waits as long as the reader lets it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make({ window: 1024 })
      yield* ChannelMetrics.register(one, { attributes: { side: "writer" } })
      const heard = yield* two.subscribe("numbers")
      const text = "x".repeat(600)
      const sender = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3, 4], () => one.send("numbers", text), { concurrency: "unbounded" }),
      )
      yield* Condition.until("two wait", () => two.link.stats.received >= 1)
      const began = performance.now()
      yield* Condition.until("the reader has slept", () => performance.now() - began > 200)
      for (let i = 0; i < 4; i++) yield* heard.take
      yield* Fiber.join(sender)
      const series = yield* seriesOf("memory")
      assert.strictEqual(series["queue_wait_ms_count"], 4)
      assert.isAbove(series["queue_wait_ms_sum"] ?? 0, 200)
    }).pipe(Effect.scoped, alone),
  )

  it.live("other attributes keep two channels apart", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      yield* ChannelMetrics.register(one, { attributes: { side: "one" } })
      yield* ChannelMetrics.register(two, { attributes: { side: "two" } })
      yield* one.send("any", 1)
      const sent = (yield* Metric.snapshot)
        .filter(({ id }) => id === "manycore_ipc_messages_sent")
        .map(({ attributes, state }) => [attributes, "count" in state ? state.count : undefined])
      assert.deepStrictEqual(sent, [
        [{ peer: "memory", side: "one" }, one.link.stats.sent],
        [{ peer: "memory", side: "two" }, two.link.stats.sent],
      ])
    }).pipe(Effect.scoped, alone),
  )
})
