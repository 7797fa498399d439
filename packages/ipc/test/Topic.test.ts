import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { type Channel, Ipc, MemoryChannel, PortChannel, ProcessChannel } from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Exit, Fiber, Logger, Schema, Scope, Stream } from "effect"

import * as Topic from "../src/Topic.ts"
import { obey } from "./fixtures/topicOrders.ts"
import { capacity, type Message, message, type Name, Orders, topics } from "./fixtures/topics.ts"

interface Transport {
  readonly name: string
  readonly open: Effect.Effect<Channel.Channel, unknown, Scope.Scope>
}

const quiet = Logger.layer([])

const entry = new URL("./fixtures/topicMember.ts", import.meta.url)

const thread = Effect.acquireRelease(
  Effect.sync(() => new Worker(entry)),
  (worker) => Effect.promise(() => worker.terminate()),
).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker)))

const memory = Effect.gen(function* () {
  const [one, two] = yield* MemoryChannel.make()
  yield* Effect.forkScoped(obey(two))
  return one
})

const transports: ReadonlyArray<Transport> = [
  { name: "processes", open: ProcessChannel.fork(entry) },
  { name: "threads", open: thread },
  { name: "pairs in memory", open: memory },
]

/** A member of all topics of the given hubs, with the calls that tell it what to do. */
const join = (open: Transport["open"], ...hubs: ReadonlyArray<Topic.Hub<Message>>) =>
  Effect.gen(function* () {
    const channel = yield* open
    for (const hub of hubs) yield* hub.attach(channel)
    return { channel, orders: yield* Ipc.client(Orders, channel) }
  })

type Member = Effect.Success<ReturnType<typeof join>>

/** The hub's own subscription, and what it has heard. */
const listen = Effect.fnUntraced(function* (hub: Topic.Hub<Message>) {
  const heard: Array<readonly [string, number]> = []
  const stream = yield* hub.subscribe
  const fiber = yield* Effect.forkScoped(
    Stream.runForEach(stream, ({ index, publisher }) =>
      Effect.sync(() => heard.push([publisher, index])),
    ),
  )
  return { heard, fiber }
})

const follow = ({ orders }: Member, topic: Name, as = "it") =>
  orders.Listen({ topic, as, held: false })

const hold = ({ orders }: Member, topic: Name, as = "held") =>
  orders.Listen({ topic, as, held: true })

const hears = (member: Member, count: number, as = "it") =>
  Condition.until(`${as} has heard ${count}`, () =>
    Effect.map(member.orders.Heard({ as }), (heard) => heard.length === count && heard),
  )

const publish = (hub: Topic.Hub<Message>, from: number, to: number) =>
  Effect.forEach(
    Array.from({ length: to - from }, (_, i) => message("hub", from + i)),
    (one) => hub.publish(one),
    { discard: true },
  )

const numbers = (publisher: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i): readonly [string, number] => [publisher, from + i])

for (const transport of transports) {
  describe(`over ${transport.name}`, () => {
    it.live("what anybody publishes reaches everybody, natively, the publisher included", () =>
      Effect.gen(function* () {
        const hub = yield* Topic.hub(topics.suspend)
        const [one, two] = yield* Effect.all(
          [join(transport.open, hub), join(transport.open, hub)],
          { concurrency: 2 },
        )
        const { heard } = yield* listen(hub)
        yield* Effect.all([follow(one, "suspend"), follow(two, "suspend")])
        yield* hub.publish(message("hub", 1))
        yield* hears(two, 1)
        yield* one.orders.Publish({ topic: "suspend", publisher: "one", count: 1 })
        const expected: ReadonlyArray<readonly [string, number]> = [
          ["hub", 1],
          ["one", 0],
        ]
        assert.deepEqual(yield* hears(one, 2), expected)
        assert.deepEqual(yield* hears(two, 2), expected)
        yield* Condition.until("the hub has heard both", () => heard.length === 2)
        assert.deepEqual(heard, expected)
      }).pipe(Effect.scoped),
    )

    it.live("1000 messages of each of two publishers arrive in order, the same for all", () =>
      Effect.gen(function* () {
        const hub = yield* Topic.hub(topics.suspend)
        const members = yield* Effect.all([join(transport.open, hub), join(transport.open, hub)], {
          concurrency: 2,
        })
        const { heard } = yield* listen(hub)
        for (const member of members) yield* follow(member, "suspend")
        yield* Effect.forEach(
          members,
          ({ orders }, i) =>
            orders.Publish({ topic: "suspend", publisher: `member ${i}`, count: 1000 }),
          { concurrency: 2, discard: true },
        )
        for (const member of members) assert.deepEqual(yield* hears(member, 2000), heard)
        for (const publisher of ["member 0", "member 1"]) {
          const own = heard.filter(([by]) => by === publisher)
          assert.deepEqual(own, numbers(publisher, 0, 1000))
        }
        const stats = yield* hub.stats
        assert.deepInclude(stats, { members: 2, published: 2000, dropped: 0, invalid: 0 })
      }).pipe(Effect.scoped),
    )

    it.live("suspend: a slow subscriber slows its publishers, loses nothing, stalls no calls", () =>
      Effect.gen(function* () {
        const hub = yield* Topic.hub(topics.suspend)
        const [slow, fast] = yield* Effect.all(
          [join(transport.open, hub), join(transport.open, hub)],
          { concurrency: 2 },
        )
        yield* hold(slow, "suspend")
        yield* follow(slow, "suspend", "sibling")
        yield* follow(fast, "suspend")
        const publishing = yield* Effect.forkChild(publish(hub, 0, 100))
        // What has room at the member, at the hub, and the one that waits.
        const most = 2 * capacity + 1
        assert.deepEqual(yield* hears(fast, most), numbers("hub", 0, most))
        assert.deepEqual(yield* hears(slow, most, "sibling"), numbers("hub", 0, most))
        assert.isUndefined(publishing.pollUnsafe())
        assert.deepEqual(yield* slow.orders.Heard({ as: "held" }), [])

        yield* slow.orders.Release({ as: "held" })
        yield* Fiber.join(publishing)
        for (const [member, as] of [
          [slow, "held"],
          [slow, "sibling"],
          [fast, "it"],
        ] as const) {
          assert.deepEqual(yield* hears(member, 100, as), numbers("hub", 0, 100))
        }
        assert.deepInclude(yield* hub.stats, { published: 100, dropped: 0 })
      }).pipe(Effect.scoped),
    )

    for (const strategy of ["sliding", "dropping"] as const) {
      it.live(`${strategy}: a slow subscriber loses values, counted; nobody else notices`, () =>
        Effect.gen(function* () {
          const hub = yield* Topic.hub(topics[strategy])
          const [slow, fast] = yield* Effect.all(
            [join(transport.open, hub), join(transport.open, hub)],
            { concurrency: 2 },
          )
          yield* hold(slow, strategy)
          yield* follow(fast, strategy)
          // No faster than the fast one takes.
          for (let n = 0; n < 100; n += capacity / 2) {
            yield* publish(hub, n, n + capacity / 2)
            yield* hears(fast, n + capacity / 2)
          }
          assert.deepEqual(yield* fast.orders.Heard({ as: "it" }), numbers("hub", 0, 100))
          yield* Condition.until("all that was lost is counted", () =>
            Effect.map(hub.stats, ({ dropped }) => dropped === 100 - capacity),
          )
          yield* slow.orders.Release({ as: "held" })
          const kept = strategy === "sliding" ? [100 - capacity, 100] : [0, capacity]
          assert.deepEqual(
            yield* hears(slow, capacity, "held"),
            numbers("hub", kept[0] ?? 0, kept[1] ?? 0),
          )
          assert.strictEqual(yield* slow.orders.Dropped({ topic: strategy }), 100 - capacity)
          assert.strictEqual(yield* fast.orders.Dropped({ topic: strategy }), 0)
        }).pipe(Effect.scoped),
      )
    }

    it.live("a late subscriber gets the last value where the topic replays, else nothing", () =>
      Effect.gen(function* () {
        const replaying = yield* Topic.hub(topics.replay)
        const plain = yield* Topic.hub(topics.suspend)
        yield* publish(replaying, 0, 5)
        yield* publish(plain, 0, 5)
        const late = yield* join(transport.open, replaying, plain)
        yield* follow(late, "replay", "replay")
        yield* follow(late, "suspend", "plain")
        const own = yield* listen(replaying)
        yield* hears(late, 1, "replay")
        yield* publish(replaying, 5, 6)
        yield* publish(plain, 5, 6)
        assert.deepEqual(yield* hears(late, 2, "replay"), numbers("hub", 4, 6))
        assert.deepEqual(yield* hears(late, 1, "plain"), numbers("hub", 5, 6))
        yield* Condition.until("the hub has heard two", () => own.heard.length === 2)
        assert.deepEqual(own.heard, numbers("hub", 4, 6))
        // One that leaves and comes back is late again.
        yield* late.orders.Leave({ as: "replay" })
        yield* publish(replaying, 6, 8)
        yield* follow(late, "replay", "again")
        assert.deepEqual(yield* hears(late, 1, "again"), numbers("hub", 7, 8))
      }).pipe(Effect.scoped),
    )

    it.live(
      "a hub that closes sends what it accepted; then streams end, and publishing fails",
      () =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const hub = yield* Scope.provide(Topic.hub(topics.suspend), scope)
          const member = yield* join(transport.open, hub)
          const own = yield* listen(hub)
          yield* hold(member, "suspend")
          yield* publish(hub, 0, 2 * capacity)
          yield* Scope.close(scope, Exit.void)
          yield* Fiber.join(own.fiber)
          assert.deepEqual(own.heard, numbers("hub", 0, 2 * capacity))
          assert.strictEqual(
            (yield* Effect.flip(hub.publish(message("hub", 0)))).reason._tag,
            "TopicClosed",
          )
          yield* member.orders.Release({ as: "held" })
          assert.deepEqual(
            yield* hears(member, 2 * capacity, "held"),
            numbers("hub", 0, 2 * capacity),
          )
          yield* Condition.until("the stream has ended", () =>
            Effect.map(member.orders.Over({ as: "held" }), (over) => over === "end"),
          )
          const error = yield* Effect.flip(
            member.orders.Publish({ topic: "suspend", publisher: "late", count: 1 }),
          )
          assert.strictEqual(error.reason._tag, "TopicClosed")
        }).pipe(Effect.scoped),
    )
  })
}

const fork = (hub: Topic.Hub<Message>) =>
  Effect.gen(function* () {
    const child = yield* ProcessChannel.fork(entry)
    yield* hub.attach(child)
    return { channel: child, pid: child.pid, orders: yield* Ipc.client(Orders, child) }
  })

describe("a family", () => {
  it.live("a member that is killed frees those who waited for it; nobody else notices", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const hub = yield* Topic.hub(topics.suspend)
      const [dying, healthy] = yield* Effect.all([fork(hub), fork(hub)], { concurrency: 2 })
      yield* hold(dying, "suspend")
      yield* follow(healthy, "suspend")
      const publishing = yield* Effect.forkChild(publish(hub, 0, 1000))
      yield* hears(healthy, 2 * capacity + 1)
      process.kill(dying.pid, "SIGKILL")
      yield* Fiber.join(publishing)
      assert.deepEqual(yield* hears(healthy, 1000), numbers("hub", 0, 1000))
      yield* Condition.until("the family has one member", () =>
        Effect.map(
          hub.stats,
          ({ members, subscribers }) => members === 1 && subscribers.length === 1,
        ),
      )
    }).pipe(Effect.scoped),
  )

  it.live(
    "a publisher that is killed keeps no one: others get what it said in order, and go on",
    () =>
      Effect.gen(function* () {
        const hub = yield* Topic.hub(topics.suspend)
        const [dying, healthy] = yield* Effect.all([fork(hub), fork(hub)], { concurrency: 2 })
        yield* follow(healthy, "suspend")
        const { heard } = yield* listen(hub)
        yield* Effect.forkChild(
          Effect.ignore(
            dying.orders.Publish({ topic: "suspend", publisher: "dying", count: 1_000_000 }),
          ),
        )
        yield* Condition.until("it publishes", () => heard.length > 100, {
          deadline: "20 seconds",
        })
        process.kill(dying.pid, "SIGKILL")
        yield* dying.channel.closed
        yield* Condition.until("what it said was accepted", () =>
          Effect.map(hub.stats, ({ members }) => members === 1),
        )
        yield* publish(hub, 0, 1)
        yield* Condition.until("the hub's value came", () => heard.at(-1)?.[0] === "hub")
        const count = heard.length - 1
        assert.deepEqual(heard, [...numbers("dying", 0, count), ["hub", 0]])
        assert.deepEqual(yield* hears(healthy, count + 1), heard)
      }).pipe(Effect.scoped),
  )

  it.live("sliding: a frozen process stalls nobody, and has the newest values when it thaws", () =>
    Effect.gen(function* () {
      const hub = yield* Topic.hub(topics.sliding)
      const [frozen, healthy] = yield* Effect.all([fork(hub), fork(hub)], {
        concurrency: 2,
      })
      yield* follow(frozen, "sliding")
      yield* follow(healthy, "sliding")
      process.kill(frozen.pid, "SIGSTOP")
      yield* Effect.gen(function* () {
        for (let n = 0; n < 1000; n += capacity) {
          yield* publish(hub, n, n + capacity)
          yield* hears(healthy, n + capacity)
        }
      }).pipe(Effect.ensuring(Effect.sync(() => process.kill(frozen.pid, "SIGCONT"))))
      const heard = yield* Condition.until("it has the newest value", () =>
        Effect.map(
          frozen.orders.Heard({ as: "it" }),
          (values) => values.at(-1)?.[1] === 999 && values,
        ),
      )
      assert.isAtMost(heard.length, 2 * capacity)
      assert.deepEqual(heard.slice(-capacity), numbers("hub", 1000 - capacity, 1000))
      const { dropped } = yield* hub.stats
      assert.strictEqual(dropped + heard.length, 1000)
    }).pipe(Effect.scoped),
  )

  it.live("a stream fails when the channel ends, with how, after what had arrived", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const hub = yield* Topic.hub(topics.suspend)
      yield* hub.attach(one)
      const member = yield* Topic.member(topics.suspend, two)
      const stream = yield* member.subscribe
      yield* publish(hub, 0, 3)
      yield* Condition.until("it has arrived", () =>
        Effect.map(member.stats, ({ subscribers }) => subscribers[0]?.queued === 3),
      )
      one.link.close()
      const heard: Array<number> = []
      const error = yield* Effect.flip(
        Stream.runForEach(stream, ({ index }) => Effect.sync(() => heard.push(index))),
      )
      assert.deepEqual(heard, [0, 1, 2])
      assert.instanceOf(error, Topic.TopicError)
      assert.deepInclude(error.reason, { _tag: "IpcError" })
      assert.strictEqual(error.message, 'topic "suspend": memory closed the channel')
      const later = yield* Effect.flip(member.publish(message("late", 0)))
      assert.strictEqual(later.reason._tag, "IpcError")
    }).pipe(Effect.scoped),
  )

  it.live("a value that does not fit is refused where it is published", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const even = Topic.make("even", Schema.Int.check(Schema.isMultipleOf(2)))
      const hub = yield* Topic.hub(even)
      yield* hub.attach(one)
      const member = yield* Topic.member(even, two)
      const stream = yield* hub.subscribe
      for (const publisher of [hub, member]) {
        const error = yield* Effect.flip(publisher.publish(3))
        assert.strictEqual(error.reason._tag, "InvalidValue")
        assert.match(error.message, /^topic "even" refused a value: /)
        yield* publisher.publish(4)
      }
      assert.deepEqual(yield* Stream.runCollect(Stream.take(stream, 2)), [4, 4])
    }).pipe(Effect.scoped),
  )

  it.live("what cannot be copied fails its publisher, and uses up no credit", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const anything = Topic.make("anything", Schema.Unknown, { capacity: 2 })
      const hub = yield* Topic.hub(anything)
      yield* hub.attach(one)
      const member = yield* Topic.member(anything, two)
      const stream = yield* member.subscribe
      for (let n = 0; n < 5; n++) {
        const error = yield* Effect.flip(member.publish(() => {}))
        assert.isTrue(
          error.reason._tag === "IpcError" && error.reason.reason._tag === "NotSerializable",
        )
        // At the hub it is known too late: counted.
        yield* hub.publish(() => {})
      }
      yield* member.publish("text")
      assert.deepEqual(yield* Stream.runCollect(Stream.take(stream, 1)), ["text"])
      assert.strictEqual((yield* hub.stats).undeliverable, 5)
    }).pipe(Effect.scoped, Effect.provide(quiet)),
  )

  it.live("what arrives and does not fit is dropped and counted; the topic goes on", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const words = Topic.make("words", Schema.String)
      // The same name with another Schema: a peer of another version.
      const hub = yield* Topic.hub(words)
      yield* hub.attach(one)
      const member = yield* Topic.member(words, two)
      const other = yield* Topic.member(Topic.make("words", Schema.Unknown), two)
      const stream = yield* member.subscribe
      const odd = [null, [], [1], [-1, "x"], ["subscribe"], ["subscribe", "x"], ["value", 9, 9], 7n]
      for (const subject of ["publish", "control"]) {
        for (const content of odd) yield* two.send(`topic:words:${subject}`, content)
      }
      for (const content of odd) yield* one.send("topic:words:deliver", content)
      for (let n = 0; n < 100; n++) yield* other.publish(n)
      yield* member.publish("fits")
      assert.deepEqual(yield* Stream.runCollect(Stream.take(stream, 1)), ["fits"])
      const { invalid, published } = yield* hub.stats
      assert.isAbove(invalid, 100)
      assert.strictEqual(published, 1)

      const numbers = yield* Topic.member(Topic.make("words", Schema.Finite), two)
      const wrong = yield* Effect.forkChild(Stream.runCollect(Stream.unwrap(numbers.subscribe)))
      yield* Condition.until("it has subscribed", () =>
        Effect.map(hub.stats, ({ subscribers }) => subscribers.length === 2),
      )
      yield* hub.publish("no number")
      yield* Condition.until("it was dropped", () =>
        Effect.map(numbers.stats, (stats) => stats.invalid > 0),
      )
      assert.isUndefined(wrong.pollUnsafe())
      yield* Fiber.interrupt(wrong)
    }).pipe(Effect.scoped, Effect.provide(quiet)),
  )

  it.live("a member whose peer has no hub fails after its deadline", () =>
    Effect.gen(function* () {
      const [, two] = yield* MemoryChannel.make()
      const member = yield* Topic.member(topics.suspend, two, { serveTimeout: "50 millis" })
      for (const attempt of [
        Effect.asVoid(Effect.scoped(member.subscribe)),
        member.publish(message("nobody", 0)),
      ]) {
        const error = yield* Effect.flip(attempt)
        assert.deepInclude(error.reason, { _tag: "NoHub", peer: "memory" })
      }
    }).pipe(Effect.scoped),
  )

  it.live("a member waits for a hub that is opened later", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const member = yield* Topic.member(topics.suspend, two)
      const publishing = yield* Effect.forkChild(member.publish(message("early", 7)))
      const hub = yield* Topic.hub(topics.suspend)
      const { heard } = yield* listen(hub)
      yield* hub.attach(one)
      yield* Fiber.join(publishing)
      yield* Condition.until("the hub hears it", () => heard.length === 1)
    }).pipe(Effect.scoped),
  )

  it.live("a subscription that ends is gone from the hub, and frees who waited for it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const hub = yield* Topic.hub(topics.suspend)
      yield* hub.attach(one)
      const member = yield* Topic.member(topics.suspend, two)
      for (const subscribe of [Effect.asVoid(hub.subscribe), Effect.asVoid(member.subscribe)]) {
        const scope = yield* Scope.make()
        yield* Scope.provide(subscribe, scope)
        assert.strictEqual((yield* hub.stats).subscribers.length, 1)
        const publishing = yield* Effect.forkChild(publish(hub, 0, 100))
        yield* Condition.until("it is full", () =>
          Effect.map(hub.stats, ({ subscribers }) => subscribers[0]?.queued === capacity),
        )
        yield* Scope.close(scope, Exit.void)
        yield* Fiber.join(publishing)
        assert.strictEqual((yield* hub.stats).subscribers.length, 0)
      }
    }).pipe(Effect.scoped),
  )

  it.live("a publisher that waits can be interrupted, and takes no credit with it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const hub = yield* Topic.hub(topics.suspend)
      yield* hub.attach(one)
      const member = yield* Topic.member(topics.suspend, two)
      const stream = yield* hub.subscribe
      // One waits at the hub, and holds its credit until there is room.
      for (let n = 0; n < 2 * capacity; n++) yield* member.publish(message("member", n))
      for (let n = 0; n < 20; n++) {
        const waiting = yield* Effect.forkChild(member.publish(message("late", n)))
        yield* Effect.yieldNow
        assert.isUndefined(waiting.pollUnsafe())
        yield* Fiber.interrupt(waiting)
      }
      yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 100 }, (_, n) => message("after", n)),
          member.publish,
        ),
      )
      const heard = yield* Stream.runCollect(Stream.take(stream, 2 * capacity + 100))
      assert.deepEqual(
        heard.map(({ index, publisher }): readonly [string, number] => [publisher, index]),
        [...numbers("member", 0, 2 * capacity), ...numbers("after", 0, 100)],
      )
    }).pipe(Effect.scoped),
  )

  it.live("a publisher that waits fails when the channel ends, or the topic", () =>
    Effect.gen(function* () {
      for (const [end, reason] of [
        ["channel", "IpcError"],
        ["topic", "TopicClosed"],
      ] as const) {
        const [one, two] = yield* MemoryChannel.make()
        const scope = yield* Scope.make()
        const hub = yield* Scope.provide(Topic.hub(topics.suspend), scope)
        yield* hub.attach(one)
        const member = yield* Topic.member(topics.suspend, two)
        yield* Effect.asVoid(hub.subscribe)
        for (let n = 0; n < 2 * capacity; n++) yield* member.publish(message("member", n))
        const waiting = yield* Effect.forkChild(
          Effect.forEach([0, 1, 2], (n) => Effect.flip(member.publish(message("late", n))), {
            concurrency: "unbounded",
          }),
        )
        yield* Effect.yieldNow
        assert.isUndefined(waiting.pollUnsafe())
        if (end === "channel") one.link.close()
        else yield* Scope.close(scope, Exit.void)
        for (const error of yield* Fiber.join(waiting)) {
          assert.strictEqual(error.reason._tag, reason)
        }
      }
    }).pipe(Effect.scoped),
  )

  it.live("two members on one channel have each their own credits and values", () =>
    Effect.gen(function* () {
      const [one, two] = yield* MemoryChannel.make()
      const hub = yield* Topic.hub(topics.suspend)
      yield* hub.attach(one)
      const first = yield* Topic.member(topics.suspend, two)
      const second = yield* Topic.member(topics.suspend, two)
      const stream = yield* second.subscribe
      for (let n = 0; n < 3 * capacity; n++) {
        yield* Effect.all([first.publish(message("first", n)), Stream.runHead(stream)], {
          concurrency: 2,
        })
      }
      // Nobody takes: there is room for so many at the subscriber, and credit for so many more.
      const publishing = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 100 }, (_, n) => message("second", n)),
          second.publish,
          { discard: true },
        ),
      )
      yield* Condition.until("it waits", () =>
        Effect.map(second.stats, ({ published }) => published === 3 * capacity),
      )
      const rest = yield* Effect.forkChild(Stream.runDrain(stream))
      yield* Fiber.join(publishing)
      yield* Fiber.interrupt(rest)
    }).pipe(Effect.scoped),
  )

  it.live("nothing is left when its Scopes close", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const hub = yield* Topic.hub(topics.suspend)
          const member = yield* fork(hub)
          yield* follow(member, "suspend")
          yield* publish(hub, 0, 10)
          yield* hears(member, 10)
        }),
      )
    }).pipe(Effect.scoped),
  )

  it("is not defined without capacity", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN]) {
      assert.throws(
        () => Topic.make("none", Schema.Int, { capacity }),
        /the capacity of topic none/,
      )
    }
  })
})
