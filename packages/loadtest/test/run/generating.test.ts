import { MessageChannel } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect } from "effect"

import * as Job from "../../src/internal/engine/Job.ts"
import * as Histogram from "../../src/internal/Histogram.ts"
import { generating } from "../../src/internal/run/generating.ts"
import type { Event } from "../../src/internal/run/Generators.ts"
import type { Order } from "../../src/internal/run/Orders.ts"
import * as Plan from "../../src/Plan.ts"
import * as Servers from "../fixtures/servers.ts"

const sum = (counts: ReadonlyArray<number>) => counts.reduce((a, b) => a + b, 0)

/** The task of a thread, on this one; `next` is the event that it tells when it is asked. */
const start = Effect.fnUntraced(function* (input: Plan.Input) {
  Histogram.ready()
  const [job] = Job.make(yield* Plan.make(input))
  if (job === undefined) return yield* Effect.die("there is nothing to do")
  const { port1, port2 } = new MessageChannel()
  const wish = new AbortController()
  const events = generating({ job, orders: port2 }, wish.signal)
  const next = Effect.promise(() => events.next())
  let closed = false
  port1.once("close", () => {
    closed = true
  })
  assert.deepStrictEqual(yield* next, { done: false, value: { _tag: "Ready" } })
  return {
    next,
    abort: () => wish.abort(),
    closed: Effect.sync(() => closed),
    order: (order: Order) => port1.postMessage(order),
    begin: () =>
      port1.postMessage({ _tag: "Begin", at: performance.timeOrigin + performance.now() }),
  }
})

describe("generating", () => {
  it.live("goes on while nobody listens, and tells all of it in one parcel afterwards", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      let served = 0
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => {
          served += 1
          socket.write(Servers.hello)
        }),
      )
      const task = yield* start({ url: `http://127.0.0.1:${port}/`, requests: 150 })
      task.begin()
      for (const count of [50, 100, 150]) {
        task.order({ _tag: "Collect" })
        yield* Condition.until(`${count} requests were served`, () => served >= count)
      }
      const told: Array<Event> = []
      for (let one = yield* task.next; one.done !== true; one = yield* task.next)
        told.push(one.value)
      assert.strictEqual(told.at(-1)?._tag, "Ended")
      const parcels = told.flatMap((event) => (event._tag === "Counted" ? [event.parcel] : []))
      // Three were asked for meanwhile, and the last one always comes.
      assert.isBelow(parcels.length, 4)
      assert.strictEqual(sum(parcels.map(({ routes }) => routes[0]?.sent ?? 0)), 150)
      assert.strictEqual(sum(parcels.map(({ routes }) => routes[0]?.ok ?? 0)), 150)
      yield* Condition.until("the port is closed", () => task.closed)
    }),
  )

  it.live("ends at once when it is no longer wanted, and leaves nothing", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { open, port } = yield* Servers.tcp((socket) => Servers.onRequest(socket, () => {}))
      const task = yield* start({
        url: `http://127.0.0.1:${port}/`,
        duration: "1 hour",
        connections: 3,
      })
      task.begin()
      yield* Condition.until("all connections are open", () => open() === 3)
      task.abort()
      const counted = (yield* task.next).value
      assert.strictEqual(counted?._tag, "Counted")
      const ended = (yield* task.next).value
      assert.strictEqual(ended?._tag, "Ended")
      if (ended?._tag === "Ended") assert.strictEqual(ended.result.inFlight, 3)
      assert.isTrue((yield* task.next).done)
      yield* Condition.until("no connection and no port is open", () =>
        Effect.map(task.closed, (closed) => closed && open() === 0),
      )
    }),
  )
})
