// Law 5: a child that misuses our pipe harms neither its parent nor the parent's other channels.
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import { ProcessChannel } from "@manycore/ipc"
import { Census, Condition, Program } from "@manycore/testkit"
import { Effect } from "effect"

import { encode, preamble } from "../src/bare/Frame.ts"
import { Link } from "../src/bare/Link.ts"
import { pipeWire } from "../src/bare/pipeWire.ts"
import { mark } from "../src/bare/Wire.ts"
import * as Pairs from "./fixtures/wirePairs.ts"

const MiB = 1024 * 1024
const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url)

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const held = () => {
  // The first collection leaves buffers that are still being swept; the second one has seen them go.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MiB
}

const attackBy = (attack: string) =>
  ProcessChannel.fork(fixture("hostile.ts"), {
    args: [attack],
    closeTimeout: "200 millis",
    maxMessageBytes: MiB,
  })

/** A channel that must not notice anything. */
const bystander = Effect.gen(function* () {
  const channel = yield* ProcessChannel.fork(fixture("echo.ts"))
  const heard = yield* channel.subscribe("out")
  let n = 0
  const ask = Effect.gen(function* () {
    yield* channel.send("in", ++n)
    assert.strictEqual(yield* heard.take, n)
  }).pipe(Effect.timeout("3 seconds"))
  yield* ask.pipe(Effect.timeout("5 seconds"))
  return { ask }
})

const cutOff = [
  "random",
  "randomFrames",
  "hugeLength",
  "hugeBuffers",
  "endless",
  "tiny",
  "lines",
  "serves",
  "credit",
]

describe("a hostile child", () => {
  for (const attack of cutOff) {
    it.live(`is cut off, and harms nobody else: ${attack}`, () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const { ask } = yield* bystander
        const before = held()
        const peak = { held: 0 }
        const channel = yield* attackBy(attack)
        // Somebody listens and takes nothing.
        yield* channel.subscribe("data")
        const reason = yield* Condition.until(
          "the channel ends",
          () => {
            peak.held = Math.max(peak.held, held() - before)
            return channel.link.closed
          },
          { every: 50, deadline: "6 seconds", state: () => [channel.link.stats, peak] },
        )
        assert.strictEqual(reason._tag, "ProtocolViolation")
        assert.strictEqual((yield* channel.closed)._tag, "ProtocolViolation")
        const error = yield* Effect.flip(channel.send("data", 1))
        assert.strictEqual(error.reason._tag, "ProtocolViolation")
        assert.isBelow(peak.held, 64, "MiB held while it lasted")
        yield* ask
        const received = channel.link.stats.received
        yield* ask
        assert.strictEqual(channel.link.stats.received, received)
        assert.isBelow(held() - before, 64, "MiB held afterwards")
      }).pipe(Effect.scoped),
    )
  }

  for (const attack of ["half", "silent"]) {
    it.live(`that says only this much is waited for, and harms nobody else: ${attack}`, () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const { ask } = yield* bystander
        const channel = yield* attackBy(attack)
        if (attack === "half") {
          yield* Condition.until("its name has arrived", () => channel.link.stats.received > 0)
        }
        yield* ask
        assert.isUndefined(channel.link.closed)
        process.kill(channel.pid, "SIGKILL")
        assert.deepInclude(yield* channel.closed, { _tag: "PeerExited", signal: "SIGKILL" })
        yield* ask
      }).pipe(Effect.scoped),
    )
  }

  it.live("whose frames are no batches is not heard, and can still say something", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const before = held()
      const channel = yield* attackBy("notABatch")
      const data = yield* channel.subscribe("data")
      assert.strictEqual(yield* Effect.timeout(data.take, "10 seconds"), "after")
      assert.isBelow(held() - before, 32)
    }).pipe(Effect.scoped),
  )

  it.live("that grants credit and never reads does not fill its parent", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const window = MiB
      const link = new Link(pipeWire(socket, { peer: "liar" }), { window })
      const line = link.line("data")
      other.write(preamble)
      let sent = 0
      let credited = 0
      let rounds = 0
      yield* Condition.until(
        "a hundred rounds",
        () => {
          for (let i = 0; i < 200 && link.writable; i++) {
            link.send(line, new Uint8Array(16 * 1024))
            sent += 16 * 1024
          }
          // What a reader would owe by now, had it read anything.
          const credit = Math.floor((sent - credited) / 2)
          credited += credit
          other.write(Buffer.concat(encode([mark, 0, 0, [1, credit]])))
          return link.closed !== undefined || ++rounds > 100
        },
        { every: 5, deadline: "10 seconds" },
      )
      assert.isBelow(socket.writableLength / MiB, 4)
      socket.destroy()
    }).pipe(Effect.scoped),
  )

  it.live("that sends twenty megabytes of empty Maps does not take its parent's memory", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const parent = yield* Program.start({
        command: process.execPath,
        args: [
          ...process.execArgv,
          "--max-old-space-size=512",
          fileURLToPath(fixture("attacked.ts")),
          "emptyMaps",
        ],
      })
      yield* Effect.raceFirst(
        parent.waitForOutput("the channel ended: ProtocolViolation", "15 seconds"),
        Effect.flatMap(parent.exit, () => Effect.die(new Error(parent.diagnostics()))),
      )
      yield* parent.waitForOutput("alive", "5 seconds")
      yield* parent.signal("SIGTERM")
    }).pipe(Effect.scoped),
  )
})
