import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { Effect } from "effect"

import { Intake } from "../../src/bare/Intake.ts"
import * as Pairs from "../fixtures/wirePairs.ts"

const KiB = 1024

/** A server whose caller has called so often and does not read its answers, and what it has begun. */
const unread = (calls: number) =>
  Effect.gen(function* () {
    const [server, caller] = yield* Pairs.links(Pairs.memory, { window: 4 * KiB })
    const line = server.line("answers<")
    const begun: Array<number> = []
    const answer = () => server.send(line, new Uint8Array(KiB))
    while (!server.isUnread) answer()
    const intake = new Intake<number, number>(server, (call) => {
      begun.push(call)
      answer()
    })
    let heard = 0
    let kept = 0
    const consume = server.consume.bind(server)
    server.consume = (weight, name) => {
      kept--
      consume(weight, name)
    }
    server.listen("calls", (_, weight) => {
      const isTaken = intake.take(heard, heard, weight)
      heard++
      if (!isTaken) kept++
      return isTaken
    })
    const call = () => caller.send(caller.line("calls"), "call")
    for (let i = 0; i < calls; i++) call()
    yield* Condition.until("the calls have come", () => heard === calls)
    return {
      begun,
      call,
      intake,
      kept: () => kept,
      read: () => void caller.listen("answers<", () => {}),
      server,
    }
  })

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

describe("an intake of calls", () => {
  it.live("keeps calls while the answers are not read, then begins with them in turn", () =>
    Effect.gen(function* () {
      const { begun, call, kept, read } = yield* unread(30)
      assert.deepStrictEqual([begun, kept()], [[], 30])
      read()
      yield* Condition.until("all have begun", () => begun.length === 30)
      assert.strictEqual(kept(), 0)
      for (let i = 30; i < 200; i++) call()
      yield* Condition.until("the later ones, too", () => begun.length === 200)
      assert.deepStrictEqual(begun, numbers(200))
    }).pipe(Effect.scoped),
  )

  it.live("a call that is taken back never begins, and stays in the window until its turn", () =>
    Effect.gen(function* () {
      const { begun, intake, kept, read } = yield* unread(5)
      assert.deepStrictEqual(
        [1, 1, 7].map((id) => intake.forget(id)),
        [true, false, false],
      )
      assert.strictEqual(kept(), 5)
      read()
      yield* Condition.until("the others have begun", () => begun.length === 4)
      assert.deepStrictEqual(begun, [0, 2, 3, 4])
      assert.strictEqual(kept(), 0)
      assert.isFalse(intake.forget(4))
    }).pipe(Effect.scoped),
  )

  it.live("who stops it gets what has not begun", () =>
    Effect.gen(function* () {
      const { intake, kept } = yield* unread(3)
      intake.forget(0)
      assert.deepStrictEqual(intake.stop(), [1, 2])
      assert.strictEqual(kept(), 0)
    }).pipe(Effect.scoped),
  )

  it.live("with the end of the link nothing begins any more", () =>
    Effect.gen(function* () {
      const { begun, intake, server } = yield* unread(3)
      server.close()
      assert.deepStrictEqual([begun, intake.stop()], [[], []])
    }).pipe(Effect.scoped),
  )
})
