// Law 1: in order, once, unchanged, over every transport; and what is shared, or cannot be copied.
import { inspect, isDeepStrictEqual } from "node:util"

import { assert, describe, it } from "@effect/vitest"
import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"

import { Anything, serveAnything } from "./fixtures/Anything.ts"
import * as Generated from "./fixtures/generated.ts"
import { fixture, type Transport, transports } from "./fixtures/transports.ts"

const peer = { file: fixture("anythingPeer"), on: serveAnything }

const KiB = 1024

/** Around where a buffer leaves the frame, and up to 8 MiB. */
const lengths = [
  0,
  1,
  16 * KiB - 1,
  16 * KiB,
  16 * KiB + 1,
  256 * KiB,
  1024 * KiB + 7,
  8 * 1024 * KiB,
]

/** Bytes that differ everywhere, so that a lost or repeated part shows. */
const distinct = (length: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) + length) & 255
  return bytes
}

const valuesOf = (seed: number): ReadonlyArray<unknown> => {
  const next = Generated.random(seed)
  return [
    ...Array.from({ length: 60 }, (_, i) => Generated.value(next, 1 + i, 64 * KiB)),
    ...lengths.map((length) => new Map([[length, [distinct(length), -0, Number.NaN]]])),
  ]
}

/** Between threads, Node itself turns a Buffer into a plain Uint8Array. */
const plain = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return new Uint8Array(value)
  if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp) return value
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return new Map(Array.from(value, ([k, v]) => [plain(k), plain(v)]))
  if (value instanceof Set) return new Set(Array.from(value, plain))
  if (value instanceof Error) return [value.name, value.message, plain(value.cause)]
  if (value instanceof ArrayBuffer || typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

const print = (value: unknown) => inspect(value, { depth: 9, maxArrayLength: 9 })

const assertSame = (actual: unknown, expected: unknown, of: string): void => {
  const [one, two] = [plain(actual), plain(expected)]
  if (!isDeepStrictEqual(one, two)) assert.fail(`${of}: ${print(one)}\n is not\n${print(two)}`)
}

const open = (transport: Transport) =>
  Effect.gen(function* () {
    const channel = yield* transport.open(peer)
    const client = yield* Ipc.client(Anything, channel)
    yield* Ipc.awaitServed(channel)
    return { channel, client }
  })

const shared = () => new Int32Array(new SharedArrayBuffer(16))

for (const transport of transports) {
  describe(`values over a ${transport.name}`, () => {
    it.live("come back in order, once and unchanged, buffers of 0 to 8 MiB among them", () =>
      Effect.gen(function* () {
        const { channel } = yield* open(transport)
        const values = valuesOf(transport.name.length)
        const heard = yield* channel.subscribe("out")
        yield* Effect.forkScoped(
          Effect.forEach(values, (value) => channel.send("in", value), { discard: true }),
        )
        for (const [i, value] of values.entries()) {
          assertSame(yield* heard.take, value, `message ${i}`)
        }
        yield* channel.send("in", "the end")
        assert.strictEqual(yield* heard.take, "the end")
      }).pipe(Effect.scoped),
    )

    it.live("come back from calls at once, each to its own", () =>
      Effect.gen(function* () {
        const { client } = yield* open(transport)
        const values = valuesOf(1000 + transport.name.length)
        const answers = yield* Effect.forEach(values, (value) => client.Echo({ value }), {
          concurrency: 16,
        })
        for (const [i, value] of values.entries()) assertSame(answers[i], value, `call ${i}`)
      }).pipe(Effect.scoped),
    )

    if (transport.peer === "process") {
      it.live("shared memory is a typed refusal, of a message and of a call, and no more", () =>
        Effect.gen(function* () {
          const { channel, client } = yield* open(transport)
          // A view, too: copied, it would look shared and be nothing of the kind.
          for (const memory of [shared().buffer, shared()]) {
            const sent = yield* Effect.flip(channel.send("in", new Map([["memory", { memory }]])))
            assert.strictEqual(sent.reason._tag, "NotSerializable")
            const called = yield* Effect.flip(client.Echo({ value: [memory] }))
            assert.deepInclude(called, { _tag: "IpcError", call: "Echo" })
            assert.strictEqual(called.reason._tag, "NotSerializable")
          }
          assert.strictEqual(yield* client.Echo({ value: "still here" }), "still here")
        }).pipe(Effect.scoped),
      )
    } else {
      it.live("shared memory is shared, in a message and in a call", () =>
        Effect.gen(function* () {
          const { channel, client } = yield* open(transport)
          const heard = yield* channel.subscribe("out")
          const memory = shared()
          yield* channel.send("in", memory)
          const returned: unknown = yield* heard.take
          const answered: unknown = yield* client.Echo({ value: memory.buffer })
          Atomics.store(memory, 2, 4711)
          assert.instanceOf(returned, Int32Array)
          assert.instanceOf(answered, SharedArrayBuffer)
          assert.strictEqual(Atomics.load(returned, 2), 4711)
          assert.strictEqual(Atomics.load(new Int32Array(answered), 2), 4711)
        }).pipe(Effect.scoped),
      )
    }
  })
}
