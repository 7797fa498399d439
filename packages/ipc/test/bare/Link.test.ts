import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Condition, Program } from "@manycore/testkit"
import { Arbitrary, Effect, Fiber, Schema } from "effect"

import type { CloseReason } from "../../src/bare/CloseReason.ts"
import { encode, preamble } from "../../src/bare/Frame.ts"
import { Link } from "../../src/bare/Link.ts"
import { Measure } from "../../src/bare/Measure.ts"
import { memoryWires } from "../../src/bare/memoryWire.ts"
import { pipeWire } from "../../src/bare/pipeWire.ts"
import { mark } from "../../src/bare/Wire.ts"
import { TooLarge, type Wire, type WireEvents } from "../../src/bare/Wire.ts"
import * as Generated from "../fixtures/generated.ts"
import * as Pairs from "../fixtures/wirePairs.ts"

const KiB = 1024
const Seed = Arbitrary.schema(Schema.Int)

/** Keeps every message until the test consumes it. */
const keep = (link: Link, name: string) => {
  const kept: Array<readonly [unknown, number]> = []
  link.listen(name, (body, weight) => {
    kept.push([body, weight])
    return false
  })
  return {
    kept,
    bodies: () => kept.map(([body]) => body),
    consumeAll: () => {
      for (const [, weight] of kept.splice(0)) link.consume(weight)
    },
  }
}

/** The number in front of a list. */
const numberOf = (body: unknown): number =>
  Array.isArray(body) && typeof body[0] === "number" ? body[0] : assert.fail("not ours")

/** Takes every message at once. */
const take = (link: Link, name: string): Array<unknown> => {
  const taken: Array<unknown> = []
  link.listen(name, (body) => void taken.push(body))
  return taken
}

const endOf = (link: Link): Array<CloseReason> => {
  const reasons: Array<CloseReason> = []
  link.onceClosed((reason) => reasons.push(reason))
  return reasons
}

/** A link whose peer is the test: it says what arrives, and sees what leaves. */
const scripted = (
  options: {
    readonly window?: number
    readonly maxMessageBytes?: number
    readonly copiesNatives?: boolean
  } = {},
) => {
  const written: Array<ReadonlyArray<unknown>> = []
  let closes = 0
  let events: WireEvents | undefined
  const wire: Wire = {
    peer: "script",
    copiesNatives: options.copiesNatives ?? true,
    open: (listener) => {
      events = listener
    },
    write: (batch) => {
      written.push(structuredClone(batch))
      return 0
    },
    close: () => {
      closes++
    },
    setRef: () => {},
  }
  const link = new Link(wire, options)
  return {
    link,
    written,
    closes: () => closes,
    arrives: (batch: unknown, bytes = 0) => events?.onBatch(batch, bytes),
    ends: (reason: CloseReason) => events?.onClose(reason),
  }
}

const naming = (line: number, name: string) => [0, [0, line, name]]

for (const kind of Pairs.kinds) {
  describe(`a link over ${kind.name}`, () => {
    it.live("carries several lines both ways, each in order", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind)
        const heard = { a: take(two, "a"), b: take(two, "b"), c: take(one, "c") }
        for (let i = 0; i < 500; i++) {
          one.send(one.line("a"), i)
          one.send(one.line("b"), { i })
          two.send(two.line("c"), [i])
        }
        const all = () => heard.a.length + heard.b.length + heard.c.length === 1500
        yield* Condition.until("all has arrived", all, { state: () => [one.stats, two.stats] })
        const numbers = Array.from({ length: 500 }, (_, i) => i)
        assert.deepStrictEqual(heard.a, numbers)
        assert.deepStrictEqual(
          heard.b,
          numbers.map((i) => ({ i })),
        )
        assert.deepStrictEqual(
          heard.c,
          numbers.map((i) => [i]),
        )
      }),
    )

    it.live("answers go on while nobody consumes the messages, and the other way round", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { window: 64 * KiB })
        const readers = [keep(two, "data"), keep(two, "data<")] as const
        const lines = [one.line("data"), one.line("data<")] as const
        for (const [i, j] of [
          [0, 1],
          [1, 0],
        ] as const) {
          while (one.send(lines[i], new Uint8Array(KiB)));
          assert.isFalse(one.hasRoomOn(lines[i]))
          const stop = Condition.until(
            "more than a window has arrived on the other line",
            () => {
              if (one.hasRoomOn(lines[j])) one.send(lines[j], new Uint8Array(KiB))
              const name = j === 1 ? "data<" : "data"
              for (const [, weight] of readers[j].kept) two.consume(weight, name)
              return (arrived += readers[j].kept.splice(0).length) > 200
            },
            { every: 1 },
          )
          let arrived = 0
          yield* stop
          assert.isFalse(one.hasRoomOn(lines[i]))
          const name = i === 1 ? "data<" : "data"
          yield* Condition.until("there is room again", () => {
            for (const [, weight] of readers[i].kept.splice(0)) two.consume(weight, name)
            return one.hasRoomOn(lines[i])
          })
        }
      }),
    )

    it.live("is not writable while the peer keeps a window, and again when it has consumed", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { window: 64 * KiB })
        const reader = keep(two, "data")
        const line = one.line("data")
        let sent = 0
        while (one.send(line, new Uint8Array(KiB))) sent++
        assert.isAtLeast(sent, 50)
        assert.isAtMost(sent, 64)
        assert.isFalse(one.writable)
        let woken = 0
        one.onceWritable(() => woken++)
        const cancel = one.onceWritable(() => assert.fail("it was cancelled"))
        cancel()
        yield* Condition.until("all has arrived", () => reader.kept.length === sent + 1)
        assert.strictEqual(woken, 0)
        reader.consumeAll()
        yield* Condition.until("there is room", () => one.writable)
        assert.strictEqual(woken, 1)
        one.onceWritable(() => woken++)
        assert.strictEqual(woken, 2)
      }),
    )

    it.live.prop(
      "whatever is sent, and consumed in whatever order: nothing is lost and the window is free",
      [Seed],
      ([seed]) =>
        Effect.gen(function* () {
          const next = Generated.random(seed)
          const window = 2 ** (12 + Generated.below(next, 8))
          const [one, two] = yield* Pairs.links(kind, { window })
          const ends = [one, two].map((link) => ({
            link,
            sent: [] as Array<number>,
            got: [] as Array<number>,
            unconsumed: [] as Array<number>,
            isListening: false,
          }))
          const left = ends.map(() => 200)
          yield* Condition.until(
            "all was sent and consumed",
            () => {
              for (const [i, end] of ends.entries()) {
                if (!end.isListening && next() < 0.3) {
                  end.isListening = true
                  end.link.listen("data", (body, weight) => {
                    end.got.push(numberOf(body))
                    if (next() < 0.3) return true
                    end.unconsumed.push(weight)
                    return false
                  })
                }
                for (let k = Generated.below(next, 40); k > 0 && (left[i] ?? 0) > 0; k--) {
                  if (!end.link.writable) break
                  const n = 200 - (left[i] ?? 0)
                  left[i] = 199 - n
                  end.sent.push(n)
                  const size = Generated.below(next, 2 ** Generated.below(next, 17))
                  end.link.send(end.link.line("data"), [n, new Uint8Array(size)])
                  // One that never leaves, among the others.
                  if (next() < 0.1) end.link.send(end.link.line("data"), [n, () => {}])
                }
                for (let k = Generated.below(next, 40); k > 0; k--) {
                  const at = Generated.below(next, end.unconsumed.length)
                  for (const weight of end.unconsumed.splice(at, 1)) end.link.consume(weight)
                }
              }
              return ends.every(
                ({ got, unconsumed }) => got.length === 200 && unconsumed.length === 0,
              )
            },
            { every: 1, deadline: "10 seconds", state: () => [window, left, one.stats, two.stats] },
          )
          yield* Condition.until(
            "what is outstanding is less than what is worth a credit",
            () => [one, two].every(({ stats }) => stats.outstanding < window / 4 + 1024),
            { state: () => [window, one.stats, two.stats] },
          )
          for (const end of ends) {
            assert.deepStrictEqual(
              end.got,
              Array.from({ length: 200 }, (_, i) => i),
            )
          }
        }).pipe(Effect.scoped),
      { arbitrary: { runs: 25 } },
    )

    it.live("what comes before anybody listens is kept, unconsumed, and handed over in order", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { window: 64 * KiB })
        const line = one.line("early")
        let sent = 0
        while (one.send(line, [sent, "x".repeat(KiB)])) sent++
        yield* Condition.until("all has arrived", () => two.stats.received > sent)
        assert.isFalse(one.writable)
        const heard = take(two, "early")
        assert.deepStrictEqual(
          heard.map((body) => Array.isArray(body) && body[0]),
          Array.from({ length: sent + 1 }, (_, i) => i),
        )
        yield* Condition.until("there is room", () => one.writable)
      }),
    )

    it.live("two sides with different windows never wait for each other for ever", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { window: 64 * KiB }, { window: 4096 * KiB })
        for (const [from, to] of [
          [one, two],
          [two, one],
        ] as const) {
          const heard = take(to, "data")
          for (let i = 0; i < 100; i++) {
            yield* Condition.until(`${i} may be sent`, () => from.writable, {
              every: 1,
              deadline: "2 seconds",
              state: () => [from.stats, to.stats],
            })
            from.send(from.line("data"), new Uint8Array(8 * KiB))
          }
          yield* Condition.until("all has arrived", () => heard.length === 100)
        }
      }),
    )

    it.live("a tiny window is slow, not endless: silence follows the last message", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { window: 64 })
        const heard = take(two, "data")
        one.send(one.line("data"), "x")
        yield* Condition.until("it has arrived", () => heard.length === 1)
        let last = -1
        let same = 0
        yield* Condition.until(
          "nothing more is said",
          () => {
            const now = one.stats.received + two.stats.received
            same = now === last ? same + 1 : 0
            last = now
            return same > 5
          },
          { state: () => [one.stats, two.stats] },
        )
      }),
    )

    it.live("close lets what was sent leave, says goodbye, and refuses what comes after", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind)
        const heard = take(two, "data")
        const [ours, theirs] = [endOf(one), endOf(two)]
        for (let i = 0; i < 300; i++) one.send(one.line("data"), [i, new Uint8Array(10 * KiB)])
        one.close()
        one.close()
        assert.deepStrictEqual(ours, [{ _tag: "ChannelClosed" }])
        const refused: Array<unknown> = []
        assert.isFalse(one.send(1, "late", undefined, { refused: (error) => refused.push(error) }))
        assert.deepStrictEqual(refused, [{ _tag: "ChannelClosed" }])
        yield* Condition.until("the peer is told", () => theirs.length > 0)
        assert.deepStrictEqual(theirs, [{ _tag: "PeerDisconnected" }])
        assert.strictEqual(heard.length, 300)
        assert.deepStrictEqual(two.closed, { _tag: "PeerDisconnected" })
      }),
    )

    it.live("a message over the limit is refused alone", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind, { maxMessageBytes: 100 * KiB })
        const heard = take(two, "data")
        const refused: Array<unknown> = []
        const owner = { refused: (error: unknown) => void refused.push(error) }
        one.send(one.line("data"), "before", undefined, owner)
        one.send(one.line("data"), new Uint8Array(101 * KiB), undefined, owner)
        one.send(one.line("data"), new Uint8Array(99 * KiB), undefined, owner)
        yield* Condition.until("the others arrive", () => heard.length === 2)
        const [error] = refused
        assert.strictEqual(refused.length, 1)
        assert.instanceOf(error, TooLarge)
        assert.strictEqual(error.limit, 100 * KiB)
        assert.strictEqual(one.stats.refused, 1)
        assert.isUndefined(one.closed)
      }),
    )

    it.live("an object that is sent twice arrives as two, which share nothing", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind)
        const heard = take(two, "data")
        const object = { bytes: new Uint8Array([1]) }
        one.send(one.line("data"), object)
        one.send(one.line("data"), object)
        yield* Condition.until("both have arrived", () => heard.length === 2)
        assert.deepStrictEqual(heard, [object, object])
        assert.notStrictEqual(heard[0], heard[1])
      }),
    )

    it.live("serving a name is told to whoever waits for it, before or after", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Pairs.links(kind)
        const told: Array<string> = []
        one.onceServed("a", () => told.push("a"))
        one.onceServed("b", () => told.push("b"))
        one.onceServed("a", () => told.push("cancelled"))()
        two.serve("a")
        yield* Condition.until("a is served", () => one.isServed("a"))
        one.onceServed("a", () => told.push("a again"))
        assert.deepStrictEqual(told, ["a", "a again"])
        assert.isFalse(one.isServed("b"))
        two.close()
        yield* Condition.until("the end is told", () => one.closed)
        assert.deepStrictEqual(told, ["a", "a again", "b"])
      }),
    )
  })
}

describe("a link over a pipe only", () => {
  it.live("a buffer that its sender changes once it was told sent arrives as it was", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const one = new Link(pipeWire(socket, { peer: "two" }))
      const line = one.line("data")
      const body = new Uint8Array(512 * KiB)
      let told = 0
      const writer = yield* Effect.forkChild(
        Effect.gen(function* () {
          for (let i = 0; i < 4; i++) {
            body.fill(i)
            yield* Effect.callback<void>((resume) => {
              const go = () => resume(Effect.void)
              one.send(line, body, undefined, { refused: go, sent: go })
            })
            told++
          }
          body.fill(255)
        }),
      )
      // The peer reads nothing until all are said to be sent, or one of them waits for it to read.
      yield* Effect.ignore(
        Condition.until("all were told sent", () => told === 4, { deadline: "200 millis" }),
      )
      const two = new Link(pipeWire(other, { peer: "one" }))
      const heard = take(two, "data")
      yield* Condition.until("all has arrived", () => heard.length === 4)
      yield* Fiber.join(writer)
      assert.deepStrictEqual(
        heard.map((got) => got instanceof Uint8Array && [got[0], got[500_000]]),
        [0, 1, 2, 3].map((i) => [i, i]),
      )
    }),
  )

  it.live("a listener that throws has a bug; its peer did not break the protocol", () =>
    Effect.gen(function* () {
      const file = fileURLToPath(new URL("../fixtures/throwingListener.ts", import.meta.url))
      const program = yield* Program.start({
        command: process.execPath,
        args: [...process.execArgv, file],
      })
      yield* program.waitForOutput("second message", "3 seconds")
      assert.notInclude(program.stdout(), "ProtocolViolation")
    }),
  )

  it.live("credits that nobody owes end the link", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const link = new Link(pipeWire(socket, { peer: "liar" }))
      const ended = endOf(link)
      other.write(Buffer.concat([preamble, ...encode([mark, 0, 0, [1, 1e15]])]))
      yield* Condition.until("the link has ended", () => ended.length > 0)
      assert.deepInclude(ended[0], { _tag: "ProtocolViolation" })
    }),
  )

  it.live("after a violation nothing more is read, and the descriptor is closed", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const link = new Link(pipeWire(socket, { peer: "hostile" }))
      const ended = endOf(link)
      other.write(Buffer.concat([preamble, ...encode([mark, 0, 7, "no such line"])]))
      yield* Condition.until("the link has ended", () => ended.length > 0)
      assert.deepInclude(ended[0], { _tag: "ProtocolViolation" })
      other.on("error", () => {})
      yield* Condition.until("our end is closed", () => socket.destroyed, {
        state: () => [socket.readyState, socket.bytesRead],
      })
    }),
  )

  it.live("what is not ours ends the link once, with a reason that tells it", () =>
    Effect.gen(function* () {
      const [socket, other] = yield* Pairs.sockets
      const link = new Link(pipeWire(socket, { peer: "browser" }))
      const ended = endOf(link)
      other.on("error", () => {})
      other.write("GET / HTTP/1.1\r\n\r\n")
      yield* Condition.until("the link has ended", () => ended.length > 0)
      yield* Condition.until("our end is closed", () => socket.destroyed)
      assert.deepStrictEqual(ended, [
        { _tag: "ProtocolViolation", detail: "the stream does not begin as one of ours" },
      ])
    }),
  )
})

const sizeOf = (value: unknown): number => {
  const measure = new Measure()
  measure.of(value, new Set())
  return measure.size
}

describe("a link and a peer that is a script", () => {
  it("sends what one synchronous run sends as one write, with the name in front", async () => {
    const { link, written } = scripted()
    const line = link.line("data")
    for (let i = 0; i < 5; i++) link.send(line, i)
    await Promise.resolve()
    assert.deepStrictEqual(written, [
      [mark, 5 * (64 + sizeOf(0)), ...naming(1, "data"), 1, 0, 1, 1, 1, 2, 1, 3, 1, 4],
    ])
  })

  it("a name has one number, for ever", () => {
    const { link } = scripted()
    assert.deepStrictEqual([link.line("a"), link.line("b"), link.line("a")], [1, 2, 1])
  })

  it("a message that cannot be copied is refused alone, and its room given back", async () => {
    const { link, written } = scripted()
    const told: Array<string> = []
    const owner = (name: string) => ({
      refused: () => void told.push(`${name} refused`),
      sent: () => void told.push(`${name} sent`),
    })
    const line = link.line("data")
    link.send(line, "a", undefined, owner("a"))
    link.send(line, () => {}, undefined, owner("b"))
    link.send(line, "c", undefined, owner("c"))
    await Promise.resolve()
    assert.deepStrictEqual(told, ["a sent", "b refused", "c sent"])
    assert.deepStrictEqual(
      written.flatMap((batch) => (Array.isArray(batch) ? batch.slice(2) : [])),
      [...naming(1, "data"), 1, "a", 1, "c"],
    )
    const { outstanding, refused } = link.stats
    assert.strictEqual(refused, 1)
    const posted = written.reduce<number>(
      (sum, batch) => sum + (Array.isArray(batch) && typeof batch[1] === "number" ? batch[1] : 0),
      0,
    )
    assert.approximately(outstanding, posted, 1e-6)
  })

  it("a line that is named behind a refused message is known when it is used", async () => {
    const { link, written } = scripted()
    const heavy = new Uint8Array(1024 * KiB)
    link.send(link.line("one"), () => {}, undefined, {
      refused: () => void link.send(link.line("two"), heavy),
    })
    link.line("two")
    await Promise.resolve()
    await Promise.resolve()
    const items = written.flatMap((batch) => (Array.isArray(batch) ? batch.slice(2) : []))
    assert.deepStrictEqual(items, [...naming(1, "one"), ...naming(2, "two"), 2, heavy])
  })

  it("a message whose reading throws is refused, and nothing is thrown", async () => {
    const { link } = scripted()
    const refused: Array<unknown> = []
    const error = new Error("no")
    const message = {
      get field() {
        throw error
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const body of [message, [message], proxy]) {
      link.send(link.line("data"), body, undefined, { refused: (why) => refused.push(why) })
    }
    await Promise.resolve()
    assert.strictEqual(refused.length, 3)
    assert.strictEqual(link.stats.refused, 3)
  })

  it("what has no mark passes by untouched", () => {
    const { link, arrives } = scripted()
    const other = [
      undefined,
      null,
      "text",
      7,
      {},
      [],
      ["x", 1],
      ["@manycore/ipc:1", 0],
      { length: 2 },
    ]
    for (const message of other) arrives(message)
    assert.isUndefined(link.closed)
    assert.strictEqual(link.stats.received, 0)
  })

  const malformed: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
    ["no weight", [mark]],
    ["a negative weight", [mark, -1]],
    ["a weight that is no number", [mark, "8"]],
    ["a weight without end", [mark, Number.POSITIVE_INFINITY]],
    ["a weight that is NaN", [mark, Number.NaN]],
    ["a line without a body", [mark, 8, 1]],
    ["a line nobody named", [mark, 8, 1, "x"]],
    ["a line that is no number", [mark, 8, "length", "x"]],
    ["a line below zero", [mark, 8, -1, "x"]],
    ["half a line", [mark, 8, 0.5, "x"]],
    ["a control message that is no list", [mark, 8, 0, "x"]],
    ["an unknown control message", [mark, 8, 0, [99]]],
    ["an empty control message", [mark, 8, 0, []]],
    ["a line out of turn", [mark, 8, 0, [0, 2, "name"]]],
    ["the control line named anew", [mark, 8, 0, [0, 0, "name"]]],
    ["a line named twice", [mark, 8, 0, [0, 1, "a"], 0, [0, 1, "b"]]],
    ["a name that is no string", [mark, 8, 0, [0, 1, 7]]],
    ["a credit that is no number", [mark, 8, 0, [1, "many"]]],
    ["a credit below zero", [mark, 8, 0, [1, -5]]],
    ["a credit without end", [mark, 8, 0, [1, Number.POSITIVE_INFINITY]]],
    ["serving what is no name", [mark, 8, 0, [2, 5]]],
    ["a credit for answers that is no number", [mark, 8, 0, [5, "many"]]],
    ["a credit for answers that were not sent", [mark, 8, 0, [5, 1000]]],
  ]
  for (const [what, batch] of malformed) {
    it(`${what} is a violation, told once, and the wire is let go of`, () => {
      const { link, arrives, closes } = scripted()
      const reasons = endOf(link)
      arrives(batch)
      arrives(batch)
      assert.strictEqual(reasons.length, 1)
      assert.strictEqual(reasons[0]?._tag, "ProtocolViolation")
      assert.strictEqual(link.closed, reasons[0])
      assert.strictEqual(closes(), 1)
    })
  }

  it("of a batch with a violation the messages before it count, those after it do not", () => {
    const { link, arrives } = scripted()
    const heard = take(link, "data")
    arrives([mark, 30, ...naming(1, "data"), 1, "before", 5, "bad", 1, "after"])
    assert.deepStrictEqual(heard, ["before"])
  })

  it("a peer that sends on without credit is cut off", () => {
    const { link, arrives } = scripted({ window: 1000, maxMessageBytes: 1000 })
    const { kept } = keep(link, "data")
    arrives([mark, 0, ...naming(1, "data")])
    for (let i = 0; i < 100; i++) arrives([mark, 1024 * KiB, 1, i])
    assert.strictEqual(link.closed?._tag, "ProtocolViolation")
    assert.isAtMost(kept.length, 10)
  })

  it("a peer that says that its messages weigh nothing is cut off, too", () => {
    const { link, arrives } = scripted({ window: 1000, maxMessageBytes: 1000 })
    const { kept } = keep(link, "data")
    arrives([mark, 0, ...naming(1, "data")])
    for (let i = 0; i < 200_000 && link.closed === undefined; i++) arrives([mark, 0, 1, i])
    assert.strictEqual(link.closed?._tag, "ProtocolViolation")
    assert.isBelow(kept.length, 150_000)
  })

  it("answers and other messages leave in batches of their own, in the order they were sent", async () => {
    const { link, written } = scripted()
    const [data, answers] = [link.line("data"), link.line("answers<")]
    for (const line of [data, data, answers, answers, data]) link.send(line, line)
    await Promise.resolve()
    assert.deepStrictEqual(
      written.map((batch) => batch.slice(2)),
      [
        [...naming(1, "data"), ...naming(2, "answers<"), 1, 1, 1, 1],
        [2, 2, 2, 2],
        [1, 1],
      ],
    )
  })

  it("answers that nobody reads wait here, and say so until they are read", async () => {
    const { link, arrives } = scripted({ window: 64 * KiB })
    const line = link.line("answers<")
    const told: Array<string> = []
    let sent = 0
    while (!link.isUnread) sent += link.send(line, new Uint8Array(KiB)) ? 1 : 0
    assert.isAtLeast(sent, 50)
    assert.isAtLeast(link.stats.waiting, 64 * KiB)
    assert.isTrue(link.writable)
    assert.isFalse(link.hasRoomOn(line))
    link.onceWritable(() => told.push("room for messages"))
    link.onceWritable(() => told.push("room for answers"), line)
    link.onceRead(() => told.push("read"))
    link.onceRead(() => told.push("cancelled"))()
    await Promise.resolve()
    assert.deepStrictEqual(told, ["room for messages"])
    arrives([mark, 0, 0, [5, 16 * KiB]])
    assert.deepStrictEqual(told, ["room for messages", "read"])
    assert.isFalse(link.isUnread)
    while (link.stats.waiting > 0) {
      await Promise.resolve()
      arrives([mark, 0, 0, [5, Math.min(16 * KiB, link.stats.outstanding)]])
    }
    assert.deepStrictEqual(told, ["room for messages", "read", "room for answers"])
  })

  it("a peer that names lines without end is cut off", () => {
    const { link, arrives } = scripted()
    let i = 1
    while (link.closed === undefined && i < 200_000)
      arrives([mark, 40, ...naming(i++, `line ${i}`)])
    assert.strictEqual(link.closed?._tag, "ProtocolViolation")
  })

  it("a peer that serves names without end is cut off", () => {
    const { link, arrives } = scripted()
    let i = 1
    while (link.closed === undefined && i < 200_000) arrives([mark, 40, 0, [2, `name ${i++}`]])
    assert.strictEqual(link.closed?._tag, "ProtocolViolation")
  })

  it("a message outside of the window waits here, not at the peer", async () => {
    const { link, written, arrives } = scripted({ window: 64 * KiB })
    const line = link.line("data")
    const sent: Array<number> = []
    for (let i = 0; i < 256; i++) {
      link.send(line, new Uint8Array(KiB), undefined, {
        refused: () => assert.fail("refused"),
        sent: () => void sent.push(i),
      })
    }
    await Promise.resolve()
    const posted = () =>
      written.reduce<number>(
        (sum, batch) => sum + (Array.isArray(batch) && typeof batch[1] === "number" ? batch[1] : 0),
        0,
      )
    // The window, and one batch more.
    assert.isAtMost(posted(), (64 + 2 * 17) * KiB)
    for (let granted = 0; sent.length < 256 && granted < 64; granted++) {
      arrives([mark, 0, 0, [1, Math.min(16 * KiB, link.stats.outstanding)]])
      await Promise.resolve()
    }
    assert.deepStrictEqual(
      sent,
      Array.from({ length: 256 }, (_, i) => i),
    )
  })

  it("the end tells the owners of what has not left, whoever waits, and every close listener", () => {
    const { link, ends, closes } = scripted({ window: 100 })
    const told: Array<string> = []
    link.send(link.line("data"), "unsent", undefined, {
      refused: () => told.push("refused"),
      sent: () => told.push("sent"),
    })
    link.send(link.line("data"), "x".repeat(100))
    link.onceWritable(() => told.push("writable"))
    link.onceServed("name", () => told.push("served"))
    link.onceClosed(({ _tag }) => told.push(_tag))
    link.onceClosed(() => told.push("cancelled"))()
    ends({ _tag: "PeerExited", exitCode: 3, signal: null })
    ends({ _tag: "PeerDisconnected" })
    assert.deepStrictEqual(told, ["refused", "writable", "served", "PeerExited"])
    link.onceClosed((reason) => assert.strictEqual(reason, link.closed))
    link.onceWritable(() => told.push("at once"))
    assert.strictEqual(told.length, 5)
    assert.strictEqual(closes(), 1)
    assert.strictEqual(link.stats.refused, 2)
  })

  it("what arrived before the end can be listened to after it", () => {
    const { link, arrives } = scripted()
    arrives([mark, 20, ...naming(1, "data"), 1, "early"])
    arrives([mark, 0, 0, [3]])
    assert.deepStrictEqual(link.closed, { _tag: "PeerDisconnected" })
    assert.deepStrictEqual(take(link, "data"), ["early"])
  })

  it("a line has one listener; another may follow, and gets what came in between", () => {
    const { link, arrives } = scripted()
    arrives([mark, 0, ...naming(1, "data")])
    const first: Array<unknown> = []
    const stop = link.listen("data", (body) => void first.push(body))
    assert.throws(() => link.listen("data", () => {}), Error, /listener/)
    arrives([mark, 9, 1, "one"])
    stop()
    arrives([mark, 9, 1, "two"])
    assert.deepStrictEqual([first, take(link, "data")], [["one"], ["two"]])
  })

  it("a Map, a Set and a long list weigh what they hold", () => {
    const bytes = () => new Uint8Array(100 * KiB)
    assert.isAtLeast(sizeOf(new Map([["bytes", bytes()]])), 100 * KiB)
    assert.isAtLeast(sizeOf(new Set([bytes()])), 100 * KiB)
    assert.isAtLeast(sizeOf([[[new Map([[1, { a: bytes() }]])]]]), 100 * KiB)
    assert.isAtLeast(sizeOf(Array.from({ length: 60 }, bytes)), 3000 * KiB)
    assert.isAtLeast(sizeOf(Array.from({ length: 1000 }, () => "x".repeat(1000))), 500_000)
  })

  it("messages that hold the same object arrive apart", async () => {
    const { link, written } = scripted()
    const line = link.line("data")
    const shared = { bytes: new Uint8Array(3) }
    const many = Array.from({ length: 100 }, () => ({}))
    const bodies = [[1, shared], [2, shared], [{ deep: [shared] }], [3], many, [4, many[99]]]
    for (const body of bodies) link.send(line, body)
    await Promise.resolve()
    const arrived = written.map((batch) => batch.filter((_, i) => i > 2 && i % 2 === 1))
    assert.deepStrictEqual(arrived, [
      [
        [0, 1, "data"],
        [1, shared],
      ],
      [[2, shared]],
      [[{ deep: [shared] }], [3]],
      [many],
      [[4, {}]],
    ])
  })

  it("who sends while it is told of a batch does not spoil the message that is being sent", async () => {
    const { link, written } = scripted()
    const line = link.line("data")
    const shared = { n: 1 }
    const send = (body: unknown, sent: () => void = () => {}) =>
      link.send(line, body, undefined, { refused: () => {}, sent })
    send(["first", shared], () => send(["meanwhile", shared, new Map()]))
    send(["second", shared])
    await Promise.resolve()
    await Promise.resolve()
    const arrived = written.flatMap((batch) => batch.filter((_, i) => i > 2 && i % 2 === 1))
    assert.deepStrictEqual(arrived.slice(1), [
      ["first", { n: 1 }],
      ["meanwhile", { n: 1 }, new Map()],
      ["second", { n: 1 }],
    ])
  })

  it("a Blob is refused where the wire would make an empty object of it", async () => {
    for (const copiesNatives of [true, false]) {
      const { link, written } = scripted({ copiesNatives })
      const refused: Array<unknown> = []
      link.send(link.line("data"), { blob: new Blob(["x"]) }, undefined, {
        refused: (error) => refused.push(error),
      })
      await Promise.resolve()
      assert.strictEqual(refused.length, copiesNatives ? 0 : 1)
      if (!copiesNatives)
        assert.match(String(refused[0]), /a Blob cannot be copied to another process/)
      assert.strictEqual(written.length, 1)
    }
  })

  it("a size that lets nothing through is refused", () => {
    for (const size of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const [wire] = memoryWires()
      assert.throws(() => new Link(wire, { window: size }), RangeError, /window must be/)
      assert.throws(() => new Link(wire, { maxMessageBytes: size }), RangeError, /maxMessageBytes/)
    }
  })
})
