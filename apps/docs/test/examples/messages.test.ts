import { connect } from "node:net"
import { text } from "node:stream/consumers"

import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

import { openDoor } from "../../examples/messages/door.ts"
import { publish } from "../../examples/messages/newsroom.ts"
import { gone, inProcess, inThread } from "../../examples/messages/parent.ts"
import { TooLarge } from "../../examples/messages/Primes.ts"

it.live("a process answers, streams, and fails with the contract's error", () =>
  Effect.gen(function* () {
    const { answer, refused, stream } = yield* inProcess
    assert.isTrue(answer)
    assert.deepStrictEqual(stream, [2, 3, 5, 7, 11, 13, 17, 19])
    assert.instanceOf(refused, TooLarge)
  }),
)

it.live("a bare thread serves the same contract", () =>
  Effect.gen(function* () {
    assert.isTrue(yield* inThread)
  }),
)

it.live("a killed process fails its calls with the signal", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* gone, "SIGKILL")
  }),
)

it.live("both processes of a family hear what is published", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* publish, ["two processes hear this", "two processes hear this"])
  }),
)

it.live("a connection is answered by the process that it was passed to", () =>
  Effect.gen(function* () {
    const server = yield* openDoor
    const address = server.address()
    if (address === null || typeof address === "string") return assert.fail("no port")
    const answer = yield* Effect.promise(() => text(connect(address.port, "127.0.0.1")))
    assert.strictEqual(answer, "good evening, Ada\n")
  }).pipe(Effect.scoped),
)
