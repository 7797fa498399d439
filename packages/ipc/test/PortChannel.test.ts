import { once } from "node:events"
import { MessageChannel, Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { Ipc, PortChannel } from "@manycore/ipc"
import { Effect } from "effect"

import { Contract } from "./fixtures/Contract.ts"
import { Handlers } from "./fixtures/handlers.ts"

describe("PortChannel", () => {
  it.live("serves over any pair of ports, both ways at once", () =>
    Effect.gen(function* () {
      const { port1, port2 } = new MessageChannel()
      const one = yield* PortChannel.fromPort(port1)
      const two = yield* PortChannel.fromPort(port2)
      for (const channel of [one, two]) {
        yield* Effect.forkScoped(Effect.provide(Ipc.serveOn(Contract, channel), Handlers))
      }
      for (const channel of [one, two]) {
        const client = yield* Ipc.client(Contract, channel)
        assert.strictEqual(yield* client.Divide({ dividend: 6, divisor: 3 }), 2)
      }
    }).pipe(Effect.scoped),
  )

  it.live("a peer that closes its channel and lives on is told", () =>
    Effect.gen(function* () {
      const { port1, port2 } = new MessageChannel()
      const one = yield* PortChannel.fromPort(port1)
      yield* Effect.scoped(PortChannel.fromPort(port2))
      assert.strictEqual((yield* one.closed)._tag, "PeerDisconnected")
    }).pipe(Effect.scoped),
  )

  it.live("a thread that has exited already is an exit", () =>
    Effect.gen(function* () {
      const worker = new Worker("process.exit(0)", { eval: true })
      yield* Effect.promise(() => once(worker, "exit"))
      const client = yield* Ipc.client(Contract, yield* PortChannel.fromWorker(worker))
      assert.strictEqual((yield* Effect.flip(client.Pid())).reason._tag, "PeerExited")
    }).pipe(Effect.scoped),
  )

  it.live("a thousand channels leave no listener on their thread", () =>
    Effect.gen(function* () {
      const worker = yield* Effect.acquireRelease(
        Effect.sync(() => new Worker("setInterval(() => {}, 1000)", { eval: true })),
        (worker) => Effect.promise(() => worker.terminate()),
      )
      const count = () =>
        worker.eventNames().reduce((sum, name) => sum + worker.listenerCount(name), 0)
      yield* Effect.scoped(PortChannel.fromWorker(worker))
      const before = count()
      for (let i = 0; i < 1000; i++) yield* Effect.scoped(PortChannel.fromWorker(worker))
      assert.strictEqual(count(), before)
    }).pipe(Effect.scoped),
  )
})
