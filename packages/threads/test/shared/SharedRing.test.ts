import { assert, describe, it } from "@effect/vitest"
import { SharedRing } from "@manycore/threads"
import { Effect, Fiber, Schema, Stream } from "effect"

import { messageOf, sumOf } from "../fixtures/sharedJobs.ts"
import * as Thread from "./thread.ts"

/** What a reader of messages 0 to `count` must find. */
const expected = (count: number, bytes: number) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum = sumOf(sum, messageOf(i, bytes))
  return { sum, count }
}

describe("SharedRing", () => {
  it.live("a million messages from thread to thread arrive in order, once and unchanged", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(4096)
      const reader = yield* Thread.start({ do: "read", ring })
      yield* Thread.start({ do: "write", ring, count: 1_000_000, bytes: 20, close: true })
      assert.deepStrictEqual(yield* reader.found, {
        ...expected(1_000_000, 20),
        end: { _tag: "RingClosed", operation: "SharedRing.readSync" },
      })
    }).pipe(Effect.scoped),
  )

  it.live(
    "a stream on the main thread gets what a thread writes, of all sizes up to the ring's",
    () =>
      Effect.gen(function* () {
        const ring = SharedRing.make(256)
        const count = 20_000
        const bytes = SharedRing.maxMessageBytes(ring)
        assert.strictEqual(bytes, 252)
        yield* Thread.start({ do: "write", ring, count, bytes, close: true })
        const found = yield* Stream.runFold(
          SharedRing.stream(ring),
          () => ({ sum: 0, count: 0 }),
          ({ count, sum }, message) => ({ sum: sumOf(sum, message), count: count + 1 }),
        )
        assert.deepStrictEqual(found, expected(count, bytes))
      }).pipe(Effect.scoped),
  )

  it.live("a full ring makes its writer wait, and it writes nothing twice", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(64)
      const message = new Uint8Array(12)
      for (let i = 0; i < 4; i++) assert.isTrue(SharedRing.tryWrite(ring, message))
      assert.isFalse(SharedRing.tryWrite(ring, message))
      assert.strictEqual(SharedRing.pendingBytes(ring), 64)
      const last = Uint8Array.of(9)
      const write = yield* Effect.forkChild(SharedRing.write(ring, last), {
        startImmediately: true,
      })
      assert.isUndefined(write.pollUnsafe())
      const late = yield* Effect.flip(SharedRing.write(ring, message, { timeout: 20 }))
      assert.strictEqual(late.reason._tag, "TimedOut")
      for (let i = 0; i < 4; i++) assert.deepStrictEqual(yield* SharedRing.read(ring), message)
      yield* Fiber.join(write)
      assert.deepStrictEqual(SharedRing.tryRead(ring), last)
      assert.isUndefined(SharedRing.tryRead(ring))
    }),
  )

  it("messages of every length wrap around at every offset", () => {
    const ring = SharedRing.make(64)
    let i = 0
    for (let start = 0; start < 64; start += 4) {
      for (let length = 0; length <= 60; length++) {
        const message = Uint8Array.from({ length }, () => i++)
        assert.isTrue(SharedRing.tryWrite(ring, message))
        assert.deepStrictEqual(SharedRing.tryRead(ring), message)
      }
      // 61 messages took an odd number of words in all, so each pass begins at another offset.
    }
    assert.strictEqual(SharedRing.pendingBytes(ring), 0)
  })

  it.live("an interrupted read takes no message", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(64)
      const read = yield* Effect.forkChild(SharedRing.read(ring), { startImmediately: true })
      SharedRing.tryWrite(ring, Uint8Array.of(7))
      yield* Fiber.interrupt(read)
      assert.deepStrictEqual(yield* SharedRing.read(ring), Uint8Array.of(7))
    }),
  )

  it.live("a writer that dies leaves whole messages, then its reader learns of it", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(1024)
      const writer = yield* Thread.start({ do: "write", ring, count: 10, bytes: 20, close: false })
      const messages: Array<Uint8Array> = []
      while (messages.length < 10) messages.push(yield* SharedRing.read(ring))
      const next = yield* Effect.forkChild(Effect.flip(SharedRing.read(ring)))
      yield* writer.terminate
      assert.deepStrictEqual((yield* Fiber.join(next)).reason, {
        _tag: "HolderDied",
        operation: "SharedRing.read",
        threadId: writer.threadId,
      })
      assert.deepStrictEqual(
        messages,
        Array.from({ length: 10 }, (_, i) => messageOf(i, 20)),
      )
    }).pipe(Effect.scoped),
  )

  it.live("a reader that dies fails its writer, who waits for room", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(16)
      const reader = yield* Thread.start({ do: "readOne", ring })
      const message = new Uint8Array(12)
      yield* SharedRing.write(ring, message)
      yield* SharedRing.write(ring, message)
      const write = yield* Effect.forkChild(Effect.flip(SharedRing.write(ring, message)))
      yield* reader.terminate
      assert.strictEqual((yield* Fiber.join(write)).reason._tag, "HolderDied")
    }).pipe(Effect.scoped),
  )

  it.live("a second writer or reader is refused, until the first has left", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(1024)
      SharedRing.tryWrite(ring, Uint8Array.of(1))
      const refused = yield* Thread.start({ do: "write", ring, count: 1, bytes: 1, close: true })
      assert.deepInclude(yield* refused.found, {
        failed: { _tag: "RoleTaken", operation: "SharedRing.writeSync", threadId: 0 },
      })
      SharedRing.leave(ring, "writer")
      const taken = yield* Thread.start({ do: "write", ring, count: 1, bytes: 1, close: true })
      assert.isUndefined(yield* taken.found)
    }).pipe(Effect.scoped),
  )

  it.live("close lets the reader finish, and fails who writes after it", () =>
    Effect.gen(function* () {
      const ring = SharedRing.make(64)
      const write = (byte: number) => SharedRing.write(ring, Uint8Array.of(byte))
      yield* Effect.all([write(1), write(2)])
      SharedRing.close(ring)
      assert.strictEqual((yield* Effect.flip(write(3))).reason._tag, "RingClosed")
      const all = yield* Stream.runCollect(SharedRing.stream(ring))
      assert.deepStrictEqual(all, [Uint8Array.of(1), Uint8Array.of(2)])
      assert.throws(() => SharedRing.tryRead(ring), /the ring is closed/)
    }),
  )

  it("refuses nonsense", () => {
    assert.throws(() => SharedRing.make(0), /bytes is 0/)
    const ring = SharedRing.make(16)
    assert.throws(() => SharedRing.tryWrite(ring, new Uint8Array(13)), /13 bytes does not fit.*12/)
    assert.throws(() => SharedRing.readSync(ring), /main thread/)
    assert.throws(() => SharedRing.writeSync(ring, new Uint8Array()), /main thread/)
    assert.isTrue(Schema.is(SharedRing.schema)(structuredClone(ring)))
  })
})
