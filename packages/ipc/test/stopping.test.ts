// Law 7: who stops while the channel goes on leaves nobody waiting, and nothing running for nobody.
import { assert, describe, it } from "@effect/vitest"
import { type Channel, Ipc, Topic } from "@manycore/ipc"
import { Condition } from "@manycore/testkit"
import { Effect, Exit, Fiber, Schema, Scope, Stream } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { transports } from "./fixtures/transports.ts"
import { serveWork, Work } from "./fixtures/Work.ts"

type Client = Ipc.Client<RpcGroup.Rpcs<typeof Work>>

const hangs = {
  "a flat call": (client: Client) => client.Hang(),
  "a call of the full protocol": (client: Client) => client.GatedHang(),
  "a stream": (client: Client) => Stream.runDrain(client.StreamHang()),
} as const

/** Two ends of a channel in this process, of which nobody serves yet. */
const pairs = transports.filter(({ peer }) => peer === "here")

for (const transport of pairs) {
  const open = Effect.gen(function* () {
    let other: Channel.Channel | undefined
    const channel = yield* transport.open({
      file: new URL("none:"),
      on: (end) => {
        other = end
        return Effect.never
      },
    })
    yield* Condition.until("the other end is open", () => other !== undefined)
    return { channel, other: other ?? assert.fail("no other end") }
  })

  describe(`over a ${transport.name}`, () => {
    for (const [name, hang] of Object.entries(hangs)) {
      it.live(`a client that goes fails its calls, and their handlers stop: ${name}`, () =>
        Effect.gen(function* () {
          const { channel, other } = yield* open
          yield* Effect.forkScoped(serveWork(other))
          const watcher = yield* Ipc.client(Work, channel)
          const scope = Scope.makeUnsafe()
          const client = yield* Scope.provide(Ipc.client(Work, channel), scope)
          const call = yield* Effect.forkChild(Effect.flip(hang(client)))
          yield* Condition.until("it hangs", () => Effect.map(watcher.Hanging(), (n) => n === 1))
          yield* Scope.close(scope, Exit.void)
          const errors = [yield* Fiber.join(call), yield* Effect.flip(hang(client))]
          for (const error of errors) assert.strictEqual(error.reason._tag, "ChannelClosed")
          yield* Condition.until("it no longer hangs", () =>
            Effect.map(watcher.Hanging(), (n) => n === 0),
          )
        }).pipe(Effect.scoped),
      )

      it.live(`a server that stops fails calls in flight, and later ones: ${name}`, () =>
        Effect.gen(function* () {
          const { channel, other } = yield* open
          const server = yield* Effect.forkScoped(serveWork(other))
          const client = yield* Ipc.client(Work, channel)
          const call = yield* Effect.forkChild(Effect.exit(hang(client)))
          yield* Condition.until("it hangs", () => Effect.map(client.Hanging(), (n) => n === 1))
          yield* Fiber.interrupt(server)
          assert.isTrue(Exit.isFailure(yield* Fiber.join(call)))
          const error = yield* Effect.flip(hang(client))
          assert.strictEqual(error.reason._tag, "InvalidMessage")
          assert.include(error.message, "nobody serves")

          // Another one takes its place.
          yield* Effect.forkScoped(serveWork(other))
          yield* Condition.until("it serves", () =>
            Effect.match(client.Hanging(), { onSuccess: () => true, onFailure: () => false }),
          )
          assert.strictEqual(yield* client.GatedMeasure({ bytes: new Uint8Array(3) }), 3)
        }).pipe(Effect.scoped),
      )
    }

    it.live("a subscriber that goes leaves nothing in the window", () =>
      Effect.gen(function* () {
        const topic = Topic.make("large", Schema.Uint8Array)
        const { channel, other } = yield* open
        const hub = yield* Topic.hub(topic)
        yield* hub.attach(other)
        const scope = Scope.makeUnsafe()
        const subscribed = Effect.flatMap(Topic.member(topic, channel), (one) => one.subscribe)
        yield* Effect.asVoid(Scope.provide(subscribed, scope))
        // All that has left is under way when the subscriber goes.
        for (let i = 0; i < 64; i++) yield* hub.publish(new Uint8Array(64 * 1024))
        yield* Scope.close(scope, Exit.void)
        yield* Condition.until("it has unsubscribed", () =>
          Effect.map(hub.stats, ({ subscribers }) => subscribers.length === 0),
        )
        // Credits are paid back when a quarter of the window is owed.
        yield* Condition.until(
          "the window is empty again",
          () => other.link.stats.outstanding <= 1024 * 1024,
          { state: () => other.link.stats },
        )
      }).pipe(Effect.scoped),
    )
  })
}
