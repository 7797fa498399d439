import { assert, describe, it } from "@effect/vitest"
import { type Channel, Ipc } from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Cause, Effect, Exit, Fiber, type Scope, Stream } from "effect"

import { callLine } from "../src/bare/flat.ts"
import { requestLine } from "../src/internal/clientProtocol.ts"
import { Contract, NotDivisible } from "./fixtures/Contract.ts"
import { Handlers } from "./fixtures/handlers.ts"
import * as Transports from "./fixtures/transports.ts"

interface Transport {
  readonly name: string
  readonly open: Effect.Effect<Channel.Channel, unknown, Scope.Scope>
  /** The peer is a process or thread of its own, which can exit. */
  readonly exits: boolean
  /** The peer serves with Effect, so streams too. */
  readonly streams: boolean
}

const { fixture } = Transports

const bare = fixture("bare")

const transports: ReadonlyArray<Transport> = [
  ...Transports.transports.map(({ name, open, peer }) => ({
    name,
    open: open({
      file: fixture(peer === "thread" ? "thread" : "process"),
      on: (channel) => Effect.provide(Ipc.serveOn(Contract, channel), Handlers),
    }),
    exits: peer !== "here",
    streams: true,
  })),
  { name: "bare process", open: Transports.process(bare), exits: true, streams: false },
  { name: "bare thread", open: Transports.thread(bare), exits: true, streams: false },
]

/** A law that holds for this transport, or has no meaning for it. */
const law = (applies: boolean, name: string, body: () => Effect.Effect<unknown, unknown>): void => {
  if (applies) it.live(name, body)
}

const connect = (transport: Transport) =>
  Effect.gen(function* () {
    const channel = yield* transport.open
    return { channel, client: yield* Ipc.client(Contract, channel) }
  })

/** Bytes that differ everywhere, so that a lost or repeated part shows. */
const distinctBytes = (length: number) => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 255
  return bytes
}

for (const transport of transports) {
  describe(`over a ${transport.name}`, () => {
    it.live("1 MiB of bytes arrives unchanged", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const bytes = distinctBytes(1024 * 1024)
        const echoed = yield* client.Echo({ bytes })
        assert.instanceOf(echoed, Uint8Array)
        assert.isTrue(Buffer.from(bytes).equals(echoed))
      }).pipe(Effect.scoped),
    )

    it.live("Map, bigint, Date, NaN and -0 arrive as what they were", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const native = {
          bytes: distinctBytes(3),
          map: new Map([["a", 2n ** 70n]]),
          date: new Date(1234),
          notANumber: Number.NaN,
          minusZero: -0,
        }
        assert.deepStrictEqual(yield* client.EchoNative(native), native)
      }).pipe(Effect.scoped),
    )

    it.live("a thousand calls at once get each its own answer", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const numbers = Array.from({ length: 1000 }, (_, i) => i)
        const answers = yield* Effect.forEach(
          numbers,
          (n) => client.Divide({ dividend: n * 2, divisor: 2 }),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(answers, numbers)
      }).pipe(Effect.scoped),
    )

    it.live("two clients of one channel get each their own answers", () =>
      Effect.gen(function* () {
        const { channel, client } = yield* connect(transport)
        const other = yield* Ipc.client(Contract, channel)
        for (const one of [client, other, other, client, other]) {
          assert.strictEqual(yield* one.Divide({ dividend: 6, divisor: 2 }), 3)
        }
      }).pipe(Effect.scoped),
    )

    it.live("a typed error arrives as its class", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const error = yield* Effect.flip(client.Divide({ dividend: 3, divisor: 2 }))
        assert.instanceOf(error, NotDivisible)
        assert.strictEqual(error.dividend, 3)
      }).pipe(Effect.scoped),
    )

    it.live("a handler's defect fails its own call only", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const sibling = yield* Effect.forkChild(client.Hang())
        yield* Condition.until("it hangs", () => Effect.map(client.Hanging(), (n) => n === 1))
        const exit = yield* Effect.exit(client.Defect())
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        const odd = yield* Effect.exit(client.OddDefect())
        assert.isTrue(Exit.isFailure(odd) && Cause.hasDies(odd.cause))
        assert.strictEqual(yield* client.Hanging(), 1)
        assert.isUndefined(sibling.pollUnsafe())
        yield* Fiber.interrupt(sibling)
      }).pipe(Effect.scoped),
    )

    law(transport.streams, "a stream arrives in order and whole", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const numbers = yield* Stream.runCollect(client.Count({ to: 1000 }))
        assert.deepStrictEqual(
          numbers,
          Array.from({ length: 1000 }, (_, i) => i + 1),
        )
      }).pipe(Effect.scoped),
    )

    it.live("interrupting a call interrupts its handler", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const call = yield* Effect.forkChild(client.Hang())
        yield* Condition.until("the handler hangs", () =>
          Effect.map(client.Hanging(), (n) => n === 1),
        )
        yield* Fiber.interrupt(call)
        yield* Condition.until("it no longer does", () =>
          Effect.map(client.Hanging(), (n) => n === 0),
        )
      }).pipe(Effect.scoped),
    )

    law(
      transport.exits,
      "an exit fails every call in flight, and later ones, with the exit code",
      () =>
        Effect.gen(function* () {
          const { client } = yield* connect(transport)
          const inFlight = yield* Effect.forEach(Array.from({ length: 20 }), () =>
            Effect.forkChild(Effect.flip(client.Hang())),
          )
          yield* Condition.until("all of them hang", () =>
            Effect.map(client.Hanging(), (n) => n === 20),
          )
          const cause = yield* Effect.flip(client.Exit({ code: 3 }))
          const errors = [
            ...(yield* Fiber.joinAll(inFlight)),
            cause,
            yield* Effect.flip(client.Pid()),
          ]
          for (const error of errors) {
            assert.deepInclude(error, { _tag: "IpcError" })
            assert.deepInclude(error.reason, { _tag: "PeerExited", exitCode: 3, signal: null })
            assert.match(error.message, /^(process|thread) \d+ exited with code 3 \(call \w+\)$/)
          }
        }).pipe(Effect.scoped),
    )

    law(transport.exits, "one peer's end is not noticed by another", () =>
      Effect.gen(function* () {
        const dying = yield* connect(transport)
        const healthy = yield* connect(transport)
        const call = yield* Effect.forkChild(healthy.client.Hang())
        yield* Effect.flip(dying.client.Exit({ code: 1 }))
        assert.isAbove(yield* healthy.client.Pid(), 0)
        assert.isUndefined(call.pollUnsafe())
        yield* Fiber.interrupt(call)
      }).pipe(Effect.scoped),
    )

    it.live("after the Scope closed a call fails, and nothing of the peer is left", () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const client = yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* connect(transport)
            yield* connection.client.Pid()
            return connection.channel
          }),
        )
        const error = yield* Effect.flip(client.send("any", "message"))
        assert.strictEqual(error.reason._tag, "ChannelClosed")
      }).pipe(Effect.scoped),
    )

    it.live("a call under a name that nobody serves fails after its deadline, others go on", () =>
      Effect.gen(function* () {
        const { channel, client } = yield* connect(transport)
        const nobody = yield* Ipc.client(Contract, channel, {
          name: "nobody",
          serveTimeout: "50 millis",
        })
        const error = yield* Effect.flip(nobody.Pid())
        assert.deepInclude(error.reason, { _tag: "NotServed", name: "nobody" })
        assert.isAbove(yield* client.Pid(), 0)
      }).pipe(Effect.scoped),
    )

    it.live("a payload that does not fit its Schema is a typed failure, never a throw", () =>
      Effect.gen(function* () {
        const { client } = yield* connect(transport)
        const error = yield* Effect.flip(client.Divide({ dividend: 1.5, divisor: 1 }))
        assert.deepInclude(error, { _tag: "IpcError", call: "Divide" })
        assert.match(error.message, /^the call Divide was refused: .*at \["dividend"\]/s)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a program without types passes
        const other = yield* Effect.flip(client.Divide({ dividend: 1, divisor: "x" as never }))
        assert.match(other.message, /^the call Divide was refused: .*at \["divisor"\]/s)
        assert.isAbove(yield* client.Pid(), 0)
      }).pipe(Effect.scoped),
    )

    it.live("frames that are no rpc do not make the server deaf", () =>
      Effect.gen(function* () {
        const { channel, client } = yield* connect(transport)
        const request = { _tag: "Request", id: "9", tag: "Pid", payload: undefined }
        const frames = [
          null,
          "text",
          {},
          { _tag: "Eof" },
          { _tag: "Request" },
          { ...request, headers: [null] },
          { ...request, headers: [[]] },
          { ...request, headers: [[1, 2]] },
          { ...request, headers: [["__proto__", "x"]] },
          { ...request, headers: [] },
          { ...request, headers: [] },
          { ...request, tag: "Nobody", headers: [] },
          { _tag: "Ack", requestId: "no" },
          { _tag: "Interrupt", requestId: 77 },
        ]
        const calls = [
          null,
          "text",
          {},
          [],
          [1],
          ["1", "Pid", null],
          [-1, "Nobody", null],
          [-2, "Pid"],
          [-2, "Pid"],
        ]
        for (const frame of frames) yield* channel.send(requestLine("rpc"), frame)
        for (const call of [...calls, -2, 4711]) yield* channel.send(callLine("rpc"), call)
        assert.isAbove(yield* client.Pid(), 0)
      }).pipe(Effect.scoped),
    )

    it.live("a message that cannot be copied is a typed failure", () =>
      Effect.gen(function* () {
        const { channel, client } = yield* connect(transport)
        const error = yield* Effect.flip(channel.send("any", () => {}))
        assert.strictEqual(error.reason._tag, "NotSerializable")
        assert.isAbove(yield* client.Pid(), 0)
      }).pipe(Effect.scoped),
    )
  })
}
