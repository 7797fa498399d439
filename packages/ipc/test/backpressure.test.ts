// Law 4: a writer that is faster than its reader is suspended, and nothing is lost.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { MessageChannel, Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { type Channel, MemoryChannel, PortChannel, ProcessChannel } from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Fiber, type Scope } from "effect"

import {
  type FloodOptions,
  type FloodReport,
  makePayload,
  readPayload,
} from "./fixtures/floodOptions.ts"

const KiB = 1024
const MiB = 1024 * KiB
const flood = new URL("./fixtures/flood.ts", import.meta.url)

interface Transport {
  readonly name: string
  /** How many numbers are sent in a few seconds. */
  readonly count: number
  readonly open: (options: FloodOptions) => Effect.Effect<Channel.Channel, unknown, Scope.Scope>
}

const startThread = (...parameters: ConstructorParameters<typeof Worker>) =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(...parameters)),
    (worker) => Effect.promise(() => worker.terminate()),
  )

const transports: ReadonlyArray<Transport> = [
  {
    // Half a million: each one is a frame and a write of its own, about 10 µs for both processes.
    name: "process",
    count: 500_000,
    open: (options) => ProcessChannel.fork(flood, { args: [JSON.stringify(options)] }),
  },
  {
    name: "thread",
    count: 1_000_000,
    open: (options) =>
      Effect.flatMap(startThread(flood, { workerData: options }), (worker) =>
        PortChannel.fromWorker(worker),
      ),
  },
  {
    name: "MessagePort",
    count: 1_000_000,
    open: (options) =>
      Effect.gen(function* () {
        const { port1, port2 } = new MessageChannel()
        yield* startThread(flood, {
          workerData: { ...options, port: port2 },
          transferList: [port2],
        })
        return yield* PortChannel.fromPort(port1)
      }),
  },
]

/** Start a writer, and read its reports. */
const start = (transport: Transport, options: Omit<FloodOptions, "report">) =>
  Effect.gen(function* () {
    yield* Census.guard()
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "flood-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
    )
    const file = join(folder, "report")
    const channel = yield* transport.open({ ...options, report: file })
    const report = (): FloodReport | undefined =>
      existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
    const state = () => [report(), channel.link.stats, channel.link.closed]
    return { channel, report, state }
  })

const takeAll = (subscription: Channel.Subscription, count: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < count; i++) {
      const got = readPayload(yield* subscription.take)
      if (got !== i) assert.fail(`${got} came instead of ${i}`)
    }
  }).pipe(Effect.timeout("18 seconds"))

const assertSmall = (report: FloodReport): void => {
  assert.isBelow(report.held / MiB, 32, "MiB of heap and buffers, when it stands still")
  // Garbage that V8 and malloc did not give back yet: a loop that writes small Buffers to a plain
  // socket grows by 330 MiB, then no further. A thread's process is also the reader's.
  assert.isBelow(report.rss / MiB, 512, "MiB of its process")
}

for (const transport of transports) {
  describe(`backpressure over a ${transport.name}`, () => {
    const stalls = (payload: FloodOptions["payload"], count: number, writers = 1) =>
      Effect.gen(function* () {
        const options = { count, writers, payload }
        const { channel, report, state } = yield* start(transport, options)
        const subscription = yield* channel.subscribe("flood")
        // A busy machine pauses it too: it stands still when it was seen so again and again.
        let last = report()
        const stalled = yield* Condition.until(
          "the writer stands still",
          () => {
            const now = report()
            if (now?.sent !== last?.sent) last = now
            return now !== undefined && now.sent > 0 && now.stalls > (last?.stalls ?? 0) + 6
              ? now
              : undefined
          },
          { deadline: "20 seconds", state },
        )
        assert.isBelow(stalled.sent, count)
        assertSmall(stalled)
        yield* takeAll(subscription, count)
        const end = yield* Condition.until(
          "the writer has ended",
          () => {
            const now = report()
            return now?.done === true ? now : undefined
          },
          { state },
        )
        assert.strictEqual(end.sent, count)
      }).pipe(Effect.scoped)

    it.live(`a reader that takes nothing suspends the writer of ${transport.count} numbers`, () =>
      stalls("number", transport.count),
    )

    it.live("a reader that takes nothing suspends the writer of 64 KiB messages", () =>
      stalls("bytes", 2000),
    )

    it.live("a reader that takes nothing suspends the writer of 64 KiB inside of a Map", () =>
      stalls("map", 2000),
    )

    it.live("a reader that is blocked for 2 seconds gets all of it afterwards", () =>
      Effect.gen(function* () {
        const count = 200_000
        const { channel, report, state } = yield* start(transport, {
          count,
          writers: 1,
          payload: "number",
        })
        const subscription = yield* channel.subscribe("flood")
        yield* Condition.until("the writer has begun", () => channel.link.stats.received > 0)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
        const blocked = report() ?? assert.fail("no report")
        assert.isTrue(blocked.stalls > 5 && blocked.sent < count)
        assertSmall(blocked)
        yield* takeAll(subscription, count)
        yield* Condition.until("the writer has ended", () => report()?.done, { state })
      }).pipe(Effect.scoped),
    )
  })
}

describe("backpressure of many senders at once", () => {
  const pairs: ReadonlyArray<
    readonly [
      string,
      Effect.Effect<readonly [Channel.Channel, Channel.Channel], never, Scope.Scope>,
    ]
  > = [
    ["memory", MemoryChannel.make({ window: 256 * KiB, maxMessageBytes: MiB })],
    [
      "MessagePort",
      Effect.suspend(() => {
        const { port1, port2 } = new MessageChannel()
        const options = { window: 256 * KiB, maxMessageBytes: MiB }
        return Effect.all([
          PortChannel.fromPort(port1, options),
          PortChannel.fromPort(port2, options),
        ])
      }),
    ],
  ]
  for (const [name, open] of pairs) {
    it.live(`200 senders of 64 KiB over ${name} all wait, and none of them breaks the window`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* open
        const subscription = yield* two.subscribe("flood")
        let sent = 0
        const senders = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 200 }, (_, i) => i),
            (i) => Effect.map(one.send("flood", makePayload("bytes", i)), () => sent++),
            { concurrency: "unbounded", discard: true },
          ),
        )
        yield* Condition.until("some have arrived", () => two.link.stats.received > 3)
        const got: Array<number | undefined> = []
        for (let i = 0; i < 200; i++) got.push(readPayload(yield* subscription.take))
        yield* Fiber.join(senders)
        assert.strictEqual(sent, 200)
        assert.deepStrictEqual(
          got,
          Array.from({ length: 200 }, (_, i) => i),
        )
      }).pipe(Effect.scoped, Effect.timeout("10 seconds")),
    )
  }
})
