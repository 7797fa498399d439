import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { Descriptor } from "../../src/bare/Descriptor.ts"
import * as Pairs from "../fixtures/wirePairs.ts"

const KiB = 1024

describe("Descriptor", () => {
  it.live("what the pipe takes at once arrives, before what the socket sends later", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      let got = Buffer.alloc(0)
      other.on("data", (chunk: Buffer) => {
        got = Buffer.concat([got, chunk])
      })
      assert.strictEqual(new Descriptor(socket).write([Buffer.from("first"), Buffer.from(" ")]), 6)
      socket.write("second")
      yield* Condition.until("both have arrived", () => got.byteLength >= 12)
      assert.strictEqual(got.toString(), "first second")
    }).pipe(Effect.scoped),
  )

  it.live("writes nothing while the socket has something to write, or is gone", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      other.pause()
      const descriptor = new Descriptor(socket)
      socket.write(Buffer.alloc(8192 * KiB))
      assert.isAbove(socket.writableLength, 0)
      assert.strictEqual(descriptor.write([Buffer.from("x")]), 0)
      socket.destroy()
      assert.strictEqual(descriptor.write([Buffer.from("x")]), 0)
      assert.strictEqual(descriptor.read(Buffer.alloc(1)), 0)
    }).pipe(Effect.scoped),
  )

  it.live("tells how much a full pipe took, and leaves the next writes to the socket", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      other.pause()
      const descriptor = new Descriptor(socket)
      const whole = 64 * KiB * KiB
      const written = descriptor.write([Buffer.alloc(whole)])
      assert.isAbove(written, 0)
      assert.isBelow(written, whole)
      assert.strictEqual(descriptor.write([Buffer.alloc(1)]), 0)
      socket.destroy()
    }).pipe(Effect.scoped),
  )

  it.live("reads what is there, and nothing where nothing is", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const descriptor = new Descriptor(socket)
      const room = Buffer.alloc(100)
      assert.strictEqual(descriptor.read(room), 0)
      const read = Effect.callback<number>((resume) => {
        // The first byte wakes the socket; the rest is there when it tells so.
        socket.once("data", (chunk: Buffer) => {
          other.write("the rest", () =>
            resume(Effect.sync(() => new Descriptor(socket).read(room))),
          )
          assert.strictEqual(chunk.toString(), "x")
        })
        other.write("x")
      })
      const count = yield* read
      // Whoever came first has it: the socket, or we.
      assert.include([0, 8], count)
      if (count === 8) assert.strictEqual(room.toString("utf8", 0, 8), "the rest")
    }).pipe(Effect.scoped),
  )
})
