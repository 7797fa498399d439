// What a contract declares with `effect/workers/Transferable` moves between threads, both ways, and is
// copied between processes.
import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { type Channel, Ipc, PortChannel, ProcessChannel, RpcTransport } from "@manycore/ipc"
import { Effect, Layer, type Scope, Stream } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { Transfers } from "./fixtures/Transfers.ts"

const file = new URL("./fixtures/serveTransfers.ts", import.meta.url)

const thread = Effect.acquireRelease(
  Effect.sync(() => new Worker(file)),
  (worker) => Effect.promise(() => worker.terminate()),
).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker)))

type Client<E> = RpcClient.RpcClient<RpcGroup.Rpcs<typeof Transfers>, E>

type Open<E> = (
  channel: Effect.Effect<Channel.Channel, unknown, Scope.Scope>,
) => Effect.Effect<Client<E>, unknown, Scope.Scope>

const full: Open<unknown> = (open) =>
  Effect.gen(function* () {
    const protocol = yield* Layer.build(RpcTransport.layerClient(yield* open))
    return yield* Effect.provide(RpcClient.make(Transfers), protocol)
  })

const flat: Open<unknown> = (open) =>
  Effect.flatMap(open, (channel) => Ipc.client(Transfers, channel))

const paths: ReadonlyArray<readonly [name: string, open: Open<unknown>]> = [
  ["flat calls", flat],
  ["Effect's full protocol", full],
  ["flat calls", (open) => Effect.flatMap(open, (channel) => Ipc.client(Transfers, channel))],
]

const length = 100_000

/** Two views of one buffer, all ones and all twos. */
const views = () => {
  const { buffer } = new Uint8Array(2 * length)
  return {
    bytes: new Uint8Array(buffer, 0, length).fill(1),
    rest: new Uint8Array(buffer, length).fill(2),
  }
}

for (const [name, open] of paths) {
  describe(`transfers over ${name}`, () => {
    it.live("a payload's buffer is gone from the sender and arrives whole at the thread", () =>
      Effect.gen(function* () {
        const client = yield* open(thread)
        const payload = views()
        const { buffer } = payload.bytes
        assert.strictEqual(yield* client.Sum(payload), 3 * length)
        assert.isTrue(buffer.detached)
      }).pipe(Effect.scoped),
    )

    it.live("an answer's buffer is gone from the thread and arrives whole", () =>
      Effect.gen(function* () {
        const client = yield* open(thread)
        assert.deepStrictEqual(yield* client.Make({ length }), new Uint8Array(length).fill(7))
        assert.strictEqual(yield* client.Held(), 0)
      }).pipe(Effect.scoped),
    )

    it.live("the buffers of a stream move, each with its own bytes", () =>
      Effect.gen(function* () {
        const client = yield* open(thread)
        const chunks = yield* Stream.runCollect(client.Stream({ length, count: 20 }))
        assert.deepStrictEqual(
          chunks,
          Array.from({ length: 20 }, (_, i) => new Uint8Array(length).fill(i + 1)),
        )
        assert.strictEqual(yield* client.Held(), 0)
      }).pipe(Effect.scoped),
    )

    it.live("to and from a process the same bytes are copied", () =>
      Effect.gen(function* () {
        const client = yield* open(ProcessChannel.fork(file))
        const payload = views()
        assert.strictEqual(yield* client.Sum(payload), 3 * length)
        assert.strictEqual(payload.bytes.byteLength, length)
        assert.deepStrictEqual(yield* client.Make({ length }), new Uint8Array(length).fill(7))
        assert.strictEqual(yield* client.Held(), length)
      }).pipe(Effect.scoped),
    )
  })
}
