// Law 5: a peer that says what is no rpc is ignored, and its flood is no flood of logs.
import { assert, describe, it } from "@effect/vitest"
import { type Channel, ChannelMetrics, Ipc, MemoryChannel } from "@manycore/ipc"
import { Condition } from "@manycore/testkit"
import { Effect, Exit, Logger, Metric, Scope } from "effect"

import { answerLine, callLine } from "../src/bare/flat.ts"
import { requestLine, responseLine } from "../src/internal/clientProtocol.ts"
import { Contract } from "./fixtures/Contract.ts"
import { Handlers } from "./fixtures/handlers.ts"

const serve = (channel: Channel.Channel) =>
  Effect.asVoid(Effect.forkScoped(Effect.provide(Ipc.serveOn(Contract, channel), Handlers)))

const call = (channel: Channel.Channel) => Effect.asVoid(Ipc.client(Contract, channel))

const ways = [
  { who: "a server", attach: serve, lines: [requestLine("rpc"), callLine("rpc")] },
  { who: "a client", attach: call, lines: [responseLine("rpc"), answerLine("rpc")] },
] as const

describe("a flood of junk", () => {
  for (const { attach, lines, who } of ways) {
    it.live(`is told once by ${who}, counted, and told with its number at the end`, () =>
      Effect.gen(function* () {
        const logged: Array<string> = []
        const logger = Logger.make(({ message }) => void logged.push(String(message)))
        const [channel, peer] = yield* MemoryChannel.make()
        const scope = Scope.makeUnsafe()
        yield* Scope.provide(attach(channel), scope).pipe(Effect.provide(Logger.layer([logger])))
        yield* ChannelMetrics.register(channel)
        for (let i = 0; i < 1000; i++) {
          for (const line of lines) yield* peer.send(line, `junk ${i} ${"x".repeat(10_000)}`)
        }
        yield* Condition.until("all were ignored", () => channel.link.stats.ignored === 2000, {
          state: () => [channel.link.stats, logged],
        })
        assert.strictEqual(logged.length, 1)
        assert.match(logged[0] ?? "", /ignored a message from memory that is not rpc.*junk 0/)
        assert.isBelow((logged[0] ?? "").length, 500)
        const metrics = yield* Metric.snapshot
        const ignored = metrics.find(({ id }) => id === "manycore_ipc_messages_ignored")
        assert.deepInclude(ignored?.state, { count: 2000 })
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(logged.slice(1), [
          "ignored 1000 messages from memory that are not rpc",
        ])
      }).pipe(
        Effect.scoped,
        Effect.provideService(Metric.MetricRegistry, new Map()),
        Effect.timeout("20 seconds"),
      ),
    )
  }
})
