import { connect, type Socket } from "node:net"
import { constants } from "node:os"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { Dispatcher } from "../src/internal/dispatch/Dispatcher.ts"
import type { RawHandle } from "../src/internal/dispatch/rawHandle.ts"
import type { ListenRequest } from "../src/internal/protocol.ts"

const request: ListenRequest = {
  address: "127.0.0.1",
  port: 0,
  addressType: 4,
  fd: -1,
  flags: 0,
  backlog: 0,
  index: 0,
  data: undefined,
}

/** A dispatcher with real connections, and workers that do what the test says. */
const setup = (mostQueued = 100) =>
  Effect.gen(function* () {
    const dispatcher = yield* Effect.acquireRelease(
      Effect.sync(() => new Dispatcher({ mostQueued })),
      (dispatcher) => Effect.sync(() => dispatcher.close()),
    )
    const handed: Array<{ readonly to: number; readonly id: number; readonly handle: RawHandle }> =
      []
    let port = 0
    const broken = new Set<number>()
    const join = (serial: number) =>
      Effect.gen(function* () {
        dispatcher.join(serial, (_server, id, handle) => {
          if (broken.has(serial)) return false
          handed.push({ to: serial, id, handle })
          return true
        })
        dispatcher.listen(serial, 0, request, ({ sockname }) => {
          port = Number(Reflect.get(sockname ?? {}, "port"))
        })
        yield* Condition.until("it listens", () => port > 0)
        dispatcher.open(serial)
      })
    const closed: Array<Socket> = []
    const client = Effect.acquireRelease(
      Effect.sync(() => {
        const socket = connect(port, "127.0.0.1")
        socket.on("error", () => {}).on("close", () => closed.push(socket))
        socket.resume()
        return socket
      }),
      (socket) => Effect.sync(() => socket.destroy()),
    )
    const until = (count: number) =>
      Condition.until("so many were handed over", () => handed.length === count)
    return { dispatcher, handed, join, client, closed, until, broken }
  })

describe("Dispatcher", () => {
  it.live("hands what a dead worker had not taken to another one", () =>
    Effect.gen(function* () {
      const { client, dispatcher, handed, join, until } = yield* setup()
      yield* join(1)
      yield* client
      yield* until(1)
      yield* join(2)
      dispatcher.gone(1)
      yield* until(2)
      assert.strictEqual(handed[1]?.to, 2)
      assert.strictEqual(handed[1]?.handle, handed[0]?.handle)
      dispatcher.taken(2, handed[1]?.id ?? 0)
      assert.strictEqual(dispatcher.waiting, 0)
    }).pipe(Effect.scoped),
  )

  it.live("a refused connection goes to the others, and is closed when all refuse it", () =>
    Effect.gen(function* () {
      const { client, closed, dispatcher, handed, join, until } = yield* setup()
      yield* join(1)
      yield* join(2)
      yield* client
      yield* until(1)
      dispatcher.refused(handed[0]?.to ?? 0, handed[0]?.id ?? 0)
      yield* until(2)
      assert.notStrictEqual(handed[1]?.to, handed[0]?.to)
      dispatcher.refused(handed[1]?.to ?? 0, handed[1]?.id ?? 0)
      yield* Condition.until("the client knows", () => closed.length === 1)
      assert.strictEqual(dispatcher.waiting, 0)
    }).pipe(Effect.scoped),
  )

  it.live("what fits neither a worker nor the queue is closed; what waits is not", () =>
    Effect.gen(function* () {
      const { client, closed, dispatcher, handed, join } = yield* setup(3)
      yield* join(1)
      for (let i = 0; i < 14; i++) yield* client
      // Eight at most are on their way, three wait.
      yield* Condition.until("the rest is closed", () => closed.length + dispatcher.waiting === 14)
      assert.isAtLeast(closed.length, 3)
      assert.isAtMost(dispatcher.waiting, 11)
      const before = handed.length
      dispatcher.taken(1, handed[0]?.id ?? 0)
      // More than one when the worker had seemed busy before so many were on their way.
      yield* Condition.until("what waits is handed over", () => handed.length > before)
    }).pipe(Effect.scoped),
  )

  it.live("at the end, who has connected is let in and handed over, and nobody else", () =>
    Effect.gen(function* () {
      const { client, closed, dispatcher, handed, join, until } = yield* setup()
      yield* join(1)
      yield* client
      yield* until(1)
      // Then the worker seems busy, and what comes waits.
      const handedAt = performance.now()
      yield* Condition.until("it is busy", () => performance.now() - handedAt > 5)
      for (let i = 0; i < 20; i++) yield* client
      yield* Condition.until("they wait", () => dispatcher.waiting === 21)
      assert.lengthOf(handed, 1)
      yield* Effect.promise(() => dispatcher.finishListening())
      assert.lengthOf(handed, 21)
      assert.strictEqual(dispatcher.handedTo(1), 21)
      yield* client
      yield* Condition.until("the late one knows", () => closed.length === 1)
      assert.lengthOf(handed, 21)
    }).pipe(Effect.scoped),
  )

  it.live("a worker without a channel is passed over; lies about connections change nothing", () =>
    Effect.gen(function* () {
      const { broken, client, dispatcher, handed, join, until } = yield* setup()
      yield* join(1)
      yield* join(2)
      broken.add(1)
      dispatcher.taken(2, 4711)
      dispatcher.refused(1, 4711)
      dispatcher.closed(2, 1_000_000)
      dispatcher.unlisten(2, 99)
      for (let i = 0; i < 2; i++) {
        yield* client
        yield* until(i + 1)
        dispatcher.taken(2, handed[i]?.id ?? 0)
      }
      assert.deepStrictEqual(
        handed.map(({ to }) => to),
        [2, 2],
      )
    }).pipe(Effect.scoped),
  )

  it.live("a port that the system chose is shared with who asks for it by its number", () =>
    Effect.gen(function* () {
      const { dispatcher, join } = yield* setup()
      yield* join(1)
      const ask = (serial: number, id: number, port: number) =>
        Effect.callback<{ readonly errno: number; readonly port: number }>((resume) => {
          dispatcher.listen(serial, id, { ...request, port }, ({ errno, sockname }) => {
            resume(Effect.succeed({ errno, port: Number(Reflect.get(sockname ?? {}, "port")) }))
          })
        })
      const { port } = yield* ask(1, 7, 0).pipe(
        Effect.flatMap(({ errno }) => {
          // One server of a worker has it: its second one cannot.
          assert.strictEqual(errno, -constants.errno.EADDRINUSE)
          dispatcher.unlisten(1, 0)
          return ask(1, 8, 0)
        }),
      )
      dispatcher.join(2, () => true)
      assert.deepStrictEqual(yield* ask(2, 0, port), { errno: 0, port })
    }).pipe(Effect.scoped),
  )

  it.live("an end that is told before its beginning does not count for ever", () =>
    Effect.gen(function* () {
      const { client, dispatcher, handed, join, until } = yield* setup()
      yield* join(1)
      yield* join(2)
      for (let i = 0; i < 6; i++) {
        yield* client
        yield* until(i + 1)
        const { id = 0, to = 0 } = handed[i] ?? {}
        // The pipe may be read before Node's channel.
        if (to === 1) dispatcher.closed(to, 1)
        dispatcher.taken(to, id)
        if (to === 2) dispatcher.closed(to, 1)
      }
      // Both have none, so they take turns.
      assert.lengthOf(
        handed.filter(({ to }) => to === 1),
        3,
      )
    }).pipe(Effect.scoped),
  )

  it.live("closes what waits when nobody will take it", () =>
    Effect.gen(function* () {
      const { client, closed, dispatcher, join } = yield* setup()
      yield* join(1)
      dispatcher.shut(1)
      yield* client
      yield* Condition.until("it waits", () => dispatcher.waiting === 1)
      dispatcher.dropQueued()
      yield* Condition.until("the client knows", () => closed.length === 1)
    }).pipe(Effect.scoped),
  )
})
