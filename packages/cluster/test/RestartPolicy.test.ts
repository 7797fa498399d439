import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy } from "@manycore/cluster"
import { Duration, Effect, Schedule, Schema } from "effect"

const policy = RestartPolicy.make()

const crash = (readyFor: number | null, now = 0): RestartPolicy.End => ({
  exitCode: 1,
  signal: null,
  readyFor,
  now,
})

/** Crashes one after the other; the decision on the last one. */
const decide = (
  crashes: ReadonlyArray<RestartPolicy.End>,
  given = policy,
): RestartPolicy.Decision => {
  let history = RestartPolicy.noHistory
  let decision: RestartPolicy.Decision = { _tag: "Done" }
  for (const end of crashes) {
    decision = RestartPolicy.decide(given, history, end)
    if (decision._tag !== "Done") ({ history } = decision)
  }
  return decision
}

const end = (exitCode: number | null, signal: string | null): RestartPolicy.End => ({
  exitCode,
  signal,
  readyFor: 5000,
  now: 0,
})

describe("RestartPolicy", () => {
  it("restarts at once the first time, and after a delay when it crashes again", () => {
    assert.deepInclude(decide([crash(5000)]), { _tag: "Restart", immediately: true })
    assert.deepInclude(decide([crash(5000), crash(5000)]), { _tag: "Restart", immediately: false })
  })

  it("counts from one again after a stable life", () => {
    assert.deepInclude(decide([crash(50), crash(9999)]), { immediately: false })
    assert.deepInclude(decide([crash(50), crash(10_000)]), { immediately: true })
  })

  it("gives up at the eleventh early crash in a minute, and not when they are further apart", () => {
    const quick = Array.from({ length: 11 }, (_, i) => crash(null, i * 5000))
    assert.strictEqual(decide(quick.slice(0, 10))._tag, "Restart")
    assert.strictEqual(decide(quick)._tag, "GiveUp")
    const slow = Array.from({ length: 100 }, (_, i) => crash(null, i * 6001))
    assert.strictEqual(decide(slow)._tag, "Restart")
  })

  it("only crashes before ready, or within a second of it, count toward giving up", () => {
    const late = Array.from({ length: 100 }, (_, i) => crash(1000, i))
    assert.strictEqual(decide(late)._tag, "Restart")
    const early = Array.from({ length: 11 }, (_, i) => crash(999, i))
    assert.strictEqual(decide(early)._tag, "GiveUp")
  })

  const table = [
    ["permanent", end(0, null), "Restart"],
    ["permanent", end(null, "SIGKILL"), "Restart"],
    ["transient", end(0, null), "Done"],
    ["transient", end(1, null), "Restart"],
    ["transient", end(null, "SIGTERM"), "Restart"],
    ["temporary", end(0, null), "Done"],
    ["temporary", end(1, null), "Done"],
  ] as const
  for (const [type, ended, expected] of table) {
    it(`${type}, exit code ${ended.exitCode}, signal ${ended.signal}: ${expected}`, () => {
      const decision = RestartPolicy.decide(
        RestartPolicy.make({ type }),
        RestartPolicy.noHistory,
        ended,
      )
      assert.strictEqual(decision._tag, expected)
    })
  }

  it("a chosen exit code means done, a signal never does", () => {
    const given = RestartPolicy.make({ doneExitCodes: [3] })
    assert.strictEqual(decide([end(3, null)], given)._tag, "Done")
    assert.strictEqual(decide([end(0, null)], given)._tag, "Restart")
    assert.strictEqual(decide([end(null, "SIGINT")], given)._tag, "Restart")
  })

  it.effect("delays grow from 100 ms to 5 s, each a fifth shorter or longer at most", () =>
    Effect.gen(function* () {
      const step = yield* Schedule.toStep(RestartPolicy.defaultBackoff)
      for (const expected of [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]) {
        const [, delay] = yield* step(0, undefined)
        assert.isAtLeast(Duration.toMillis(delay), expected * 0.8)
        assert.isAtMost(Duration.toMillis(delay), expected * 1.2)
      }
    }),
  )

  const Crash = Schema.Struct({
    after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 })),
    readyFor: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30_000 }))),
  })
  it.prop(
    "what it remembers stays small, and it gives up exactly when the window holds too many",
    [Schema.Array(Crash).check(Schema.isMaxLength(100))],
    ([crashes]) => {
      let history = RestartPolicy.noHistory
      let now = 0
      const early: Array<number> = []
      for (const { after, readyFor } of crashes) {
        now += after
        if (RestartPolicy.isEarly(policy, readyFor)) early.push(now)
        const decision = RestartPolicy.decide(policy, history, crash(readyFor, now))
        const inWindow = early.filter((at) => at > now - 60_000).length
        assert.strictEqual(decision._tag, inWindow > 10 ? "GiveUp" : "Restart")
        if (decision._tag === "GiveUp") return
        if (decision._tag === "Restart") ({ history } = decision)
        assert.isAtMost(history.early.length, 11)
      }
    },
  )
})
