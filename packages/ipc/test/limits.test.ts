// Laws 5 and 6: what is too large, or cannot be made, fails its call and nothing else.
import { assert, describe, it } from "@effect/vitest"
import { Ipc } from "@manycore/ipc"
import { Effect, Stream } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import * as Transports from "./fixtures/transports.ts"
import { serveWork, Work } from "./fixtures/Work.ts"

type Client = Ipc.Client<RpcGroup.Rpcs<typeof Work>>

const MiB = 1024 * 1024

/** What a call says besides its bytes is shorter. */
const envelope = 1024

const peer: Transports.Peer = { file: Transports.fixture("workPeer"), on: serveWork }

/** The same by every path that a call can take. */
const paths = [
  {
    path: "a flat call",
    measure: (client: Client, bytes: Uint8Array) => client.Measure({ bytes }),
    make: (client: Client, length: number) => client.Make({ length }),
  },
  {
    path: "a call of the full protocol",
    measure: (client: Client, bytes: Uint8Array) => client.GatedMeasure({ bytes }),
    make: (client: Client, length: number) => client.GatedMake({ length }),
  },
  {
    path: "a stream",
    measure: (client: Client, bytes: Uint8Array) =>
      Effect.map(Stream.runCollect(client.StreamMeasure({ bytes })), ([length]) => length ?? -1),
    make: (client: Client, length: number) =>
      Effect.map(
        Stream.runCollect(client.StreamMake({ length })),
        ([bytes]) => bytes ?? new Uint8Array(1),
      ),
  },
]

for (const transport of Transports.transports) {
  const connect = Effect.gen(function* () {
    const channel = yield* transport.open(peer, { maxMessageBytes: MiB })
    return { channel, client: yield* Ipc.client(Work, channel) }
  })

  describe(`over a ${transport.name}`, () => {
    for (const { make, measure, path } of paths) {
      it.live(`nothing and all but too much arrive, both ways: ${path}`, () =>
        Effect.gen(function* () {
          const { client } = yield* connect
          for (const length of [0, MiB - envelope]) {
            assert.strictEqual(yield* measure(client, new Uint8Array(length)), length)
            assert.strictEqual((yield* make(client, length)).byteLength, length)
          }
        }).pipe(Effect.scoped),
      )

      it.live(`a payload over the limit is a typed failure that is counted: ${path}`, () =>
        Effect.gen(function* () {
          const { channel, client } = yield* connect
          const error = yield* Effect.flip(measure(client, new Uint8Array(MiB + 1)))
          assert.strictEqual(error.reason._tag, "MessageTooLarge")
          assert.strictEqual((yield* channel.stats).refused, 1)
          assert.strictEqual(yield* measure(client, new Uint8Array(3)), 3)
        }).pipe(Effect.scoped),
      )

      it.live(`an answer over the limit is a typed failure: ${path}`, () =>
        Effect.gen(function* () {
          const { client } = yield* connect
          const error = yield* Effect.flip(make(client, MiB + 1))
          assert.strictEqual(error.reason._tag, "InvalidMessage")
          assert.include(error.message, `the limit is ${MiB}`)
          assert.strictEqual((yield* make(client, 3)).byteLength, 3)
        }).pipe(Effect.scoped),
      )

      it.live(`a payload that cannot be made is a typed failure, never a throw: ${path}`, () =>
        Effect.gen(function* () {
          const { client } = yield* connect
          const error = yield* Effect.flip(make(client, -1))
          assert.strictEqual(error.reason._tag, "InvalidMessage")
          assert.match(error.message, /^the call \w+ was refused: /)
          assert.strictEqual((yield* make(client, 3)).byteLength, 3)
        }).pipe(Effect.scoped),
      )
    }
  })
}
