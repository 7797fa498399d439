// What crosses a channel besides payloads: spans, headers, middleware, several names; and what must
// not: the production of a stream that nobody reads.
import { assert, describe, it } from "@effect/vitest"
import { type Channel, Ipc, IpcError } from "@manycore/ipc"
import { Condition } from "@manycore/testkit"
import { Effect, Fiber, type Scope, Stream } from "effect"
import * as Headers from "effect/http/Headers"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"

import {
  callersNames,
  Mirror,
  servedNames,
  serveBothWays,
  unservedNames,
} from "./fixtures/BothWays.ts"
import { Crossing, Denied, Guard, serveCrossing } from "./fixtures/Crossing.ts"
import * as Transports from "./fixtures/transports.ts"

const peer: Transports.Peer = {
  file: Transports.fixture("crossingPeer"),
  on: (channel) => serveCrossing(channel),
}

const bothWays: Transports.Peer = {
  file: Transports.fixture("bothWaysPeer"),
  on: serveBothWays,
}

/** The client's half of the middleware, which shows this token; nothing where it is empty. */
const showing = (token: string) =>
  RpcMiddleware.layerClient(Guard, ({ next, request }) =>
    next(
      token === ""
        ? request
        : { ...request, headers: Headers.set(request.headers, "token", token) },
    ),
  )

const clientOf = (channel: Channel.Channel, token = "Ada") =>
  Effect.provide(Ipc.client(Crossing, channel), showing(token))

const law = (name: string, body: () => Effect.Effect<unknown, unknown, Scope.Scope>): void => {
  it.live(name, () => Effect.scoped(body()))
}

for (const transport of Transports.transports) {
  const connect = (token?: string) =>
    Effect.flatMap(transport.open(peer), (channel) => clientOf(channel, token))

  describe(`over a ${transport.name}`, () => {
    law("a span goes on in the handler of a flat call", () =>
      Effect.gen(function* () {
        const client = yield* connect()
        const [span, seen] = yield* Effect.all([Effect.currentSpan, client.Span()]).pipe(
          Effect.withSpan("outer"),
        )
        assert.deepStrictEqual(seen, {
          name: "RpcServer.Span",
          traceId: span.traceId,
          parentId: span.spanId,
        })
      }),
    )

    law("a span goes on in the handler of a stream", () =>
      Effect.gen(function* () {
        const client = yield* connect()
        const [span, [seen]] = yield* Effect.all([
          Effect.currentSpan,
          Stream.runCollect(client.SpanOfStream()),
        ]).pipe(Effect.withSpan("outer"))
        assert.strictEqual(seen?.traceId, span.traceId)
        // In between stands the span of the call, which Effect's client makes.
        assert.isString(seen?.parentId)
        assert.notStrictEqual(seen?.parentId, span.spanId)
      }),
    )

    law("headers of a call arrive", () =>
      Effect.gen(function* () {
        const client = yield* connect()
        const headers = { language: "cs" }
        assert.strictEqual(yield* client.Header({ name: "language" }, { headers }), "cs")
        const around = RpcClient.withHeaders({ language: "fi" })
        assert.strictEqual(yield* around(client.Header({ name: "language" })), "fi")
        assert.isNull(yield* client.Header({ name: "language" }))
      }),
    )

    law("middleware of both sides sees a call and a stream", () =>
      Effect.gen(function* () {
        const client = yield* connect("Grace")
        assert.strictEqual(yield* client.WhoAmI(), "Grace's owner")
        assert.deepStrictEqual(yield* Stream.runCollect(client.Tickets()), [
          "a ticket for Grace's owner",
        ])
      }),
    )

    law("what middleware refuses is its typed error", () =>
      Effect.gen(function* () {
        const channel = yield* transport.open(peer)
        const refusals = yield* Effect.forEach(["wrong", ""], (token) =>
          Effect.flatMap(clientOf(channel, token), (client) => Effect.flip(client.WhoAmI())),
        )
        assert.deepStrictEqual(refusals, [
          new Denied({ why: "it is wrong" }),
          new Denied({ why: "there is no token" }),
        ])
      }),
    )

    law("a consumer that takes three stops the producer", () =>
      Effect.gen(function* () {
        const client = yield* connect()
        const three = yield* Stream.runCollect(Stream.take(client.Endless(), 3))
        assert.deepStrictEqual(three, [1, 2, 3])
        yield* Condition.until("nobody produces", () =>
          Effect.map(client.Producing(), (n) => n === 0),
        )
        const produced = yield* client.Produced()
        assert.strictEqual(yield* client.Produced(), produced)
      }),
    )

    law("a consumer that is interrupted stops the producer", () =>
      Effect.gen(function* () {
        const client = yield* connect()
        const consumer = yield* Effect.forkChild(Stream.runDrain(client.Endless()))
        yield* Condition.until("it produces", () => Effect.map(client.Producing(), (n) => n === 1))
        yield* Fiber.interrupt(consumer)
        yield* Condition.until("nobody produces", () =>
          Effect.map(client.Producing(), (n) => n === 0),
        )
      }),
    )

    law("several groups are served and called by name, both ways at once", () =>
      Effect.gen(function* () {
        const channel = yield* transport.open(bothWays)
        for (const name of callersNames) yield* Effect.forkScoped(serveCrossing(channel, name))
        const names = servedNames
        const clients = yield* Effect.forEach(names, (name) =>
          Ipc.client(Crossing.omit("WhoAmI", "Tickets"), channel, { name }),
        )
        const mirror = yield* Ipc.client(Mirror, channel, { name: "mirror" })
        const ours = Effect.forEach(clients, (client) => client.Name())
        const [called, back] = yield* Effect.all(
          [
            Effect.forEach(Array.from({ length: 50 }), () => ours, { concurrency: "unbounded" }),
            Effect.forEach(Array.from({ length: 50 }), () => mirror.NamesOfCaller(), {
              concurrency: "unbounded",
            }),
          ],
          { concurrency: "unbounded" },
        )
        for (const answer of called) assert.deepStrictEqual(answer, names)
        for (const answer of back) assert.deepStrictEqual(answer, callersNames)
      }),
    )

    law(
      "a name that nobody serves is an error, however much it looks like one that is served",
      () =>
        Effect.gen(function* () {
          const channel = yield* transport.open(bothWays)
          yield* Ipc.awaitServed(channel, { name: "mirror" })
          const errors = yield* Effect.forEach(
            unservedNames,
            (name) =>
              Effect.gen(function* () {
                const group = Crossing.omit("WhoAmI", "Tickets")
                const options = { name, serveTimeout: "300 millis" } as const
                const client = yield* Ipc.client(group, channel, options)
                const calls = [client.Name(), Stream.runDrain(client.Endless())]
                return yield* Effect.forEach(calls, Effect.flip, { concurrency: "unbounded" })
              }),
            { concurrency: "unbounded" },
          )
          for (const { reason } of errors.flat()) assert.strictEqual(reason._tag, "NotServed")
        }),
    )
  })
}

describe("a peer that does not answer", () => {
  const idle = Transports.fixture("idlePeer")
  const deaf = Transports.fixture("deafPeer")
  const cases = [
    ["a process that serves nothing", Transports.process(idle)],
    ["a thread that serves nothing", Transports.thread(idle)],
    ["a worker of node:cluster that serves nothing", Transports.clusterWorker(idle)],
    ["a thread that never gets to its channel", Transports.thread(deaf)],
    ["a cluster worker that never gets to its channel", Transports.clusterWorker(deaf)],
    // Without streams: what it says of them.
    ["a bare process, asked for a stream", Transports.process(Transports.fixture("bare"))],
  ] as const

  for (const [name, open] of cases) {
    it.live(`is an error after the deadline: ${name}`, () =>
      Effect.gen(function* () {
        const channel = yield* open
        const client = yield* Effect.provide(
          Ipc.client(Crossing, channel, {
            serveTimeout: "300 millis",
            ...(name.startsWith("a bare") ? {} : { name: "crossing" }),
          }),
          showing("Ada"),
        )
        const calls: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> = [
          ["Endless", Stream.runDrain(client.Endless())],
          ["WhoAmI", client.WhoAmI()],
          ...(name.startsWith("a bare") ? [] : [["Span", client.Span()] as const]),
        ]
        for (const [call, effect] of calls) {
          const error = yield* Effect.flip(effect)
          assert.instanceOf(error, IpcError.IpcError)
          assert.strictEqual(error.reason._tag, "NotServed")
          assert.strictEqual(error.call, call)
        }
      }).pipe(Effect.scoped),
    )
  }
})
